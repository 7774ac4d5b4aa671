"""Run the main job on the Galton board from end to end: what `motherlode demo` runs, outside the library's layers."""

from motherlode.demo.build import BoardNotBuilt, board_module, build_board

__all__ = ["BoardNotBuilt", "board_module", "build_board"]
