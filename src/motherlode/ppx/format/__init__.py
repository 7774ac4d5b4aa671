"""Turn messages into bytes and back by the layout of ``protocols/ppx.fbs``; the reader checks every offset."""

__all__: list[str] = []
