"""The wallet page and `frontend-abi/`, in a real browser, with real keys, on a real chain."""
