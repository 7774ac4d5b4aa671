"""Keep torch from splitting small networks over cores."""

__all__ = ["use_one_thread"]


def use_one_thread() -> None:
    """Let torch compute on one thread: at these sizes waiting for each other costs more than is gained."""
    import torch

    torch.set_num_threads(1)
