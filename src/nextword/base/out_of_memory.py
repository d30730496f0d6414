"""Detection of allocations that fail, which libraries report in different ways."""

#: Parts of the messages of torch for tensors that are too large.
_MESSAGES = ("can't allocate memory", "Storage size calculation overflowed")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory cannot be allocated.

    Example:
        >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("can't parse"))
        (True, False)
    """
    # Compared by name, because importing torch for its exception class would take seconds.
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(part in str(error) for part in _MESSAGES)
    )
