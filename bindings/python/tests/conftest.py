"""What holds for all tests."""

import signal

# Some tests interrupt a child. A shell that runs the tests in the background has them ignore SIGINT, and children would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
