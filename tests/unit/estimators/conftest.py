from gaussian import events, one_thread  # noqa: F401 - fixtures of every test in this folder
