"""`python3 -m gosteward`, and the start of the zipped program."""

from gosteward.cli.main import entry

if __name__ == "__main__":
    entry()
