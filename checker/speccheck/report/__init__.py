"""Results for people and for programs: terminal, JSON, ITF, DOT, HTML."""
