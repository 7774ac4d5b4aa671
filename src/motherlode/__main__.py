"""Answer ``python -m motherlode``: the command line, and where the C++ files are for build systems."""

import sys

from motherlode.core.paths import cmake_dir, include_dir


def main() -> None:
    """Print a folder for ``--cmakedir`` or ``--includedir``, else hand over to the command line."""
    folders = {"--cmakedir": cmake_dir, "--includedir": include_dir}
    if len(sys.argv) == 2 and sys.argv[1] in folders:
        print(folders[sys.argv[1]]())
        return
    from motherlode.cli.app import main as command_line

    command_line()


if __name__ == "__main__":
    main()
