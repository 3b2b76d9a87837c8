"""What an operator touches: zoo.cfg, four-letter words, metrics, the command line."""
