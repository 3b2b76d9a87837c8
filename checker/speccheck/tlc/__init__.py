"""A thin, typed wrapper around TLC: runs it on a model, reads what it prints."""

from speccheck.tlc.output import TlcResult, parse_output
from speccheck.tlc.run import TlcMissing, find_jar, find_java, run_tlc

__all__ = ["TlcMissing", "TlcResult", "find_jar", "find_java", "parse_output", "run_tlc"]
