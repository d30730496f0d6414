"""Settings of loading, with the names of the module `kenlm`."""


class LoadMethod:
    """How KenLM loads its binary files; the values are KenLM's. It has no effect here."""

    LAZY = 0
    POPULATE_OR_LAZY = 1
    POPULATE_OR_READ = 2
    READ = 3
    PARALLEL_READ = 4


class ARPALoadComplain:
    """When KenLM warns about text files; the values are KenLM's. It has no effect here."""

    ALL = 0
    EXPENSIVE = 1
    NONE = 2


class Config:
    """Settings of loading a model.

    The first three are those of KenLM; they are stored and have no effect.

    Attributes:
        load_method: See `LoadMethod`.
        show_progress: Whether KenLM shows a progress bar.
        arpa_complain: See `ARPALoadComplain`.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        device: Device of a neural model, such as `cpu` or `cuda`.
    """

    def __init__(self) -> None:
        self.load_method: int = LoadMethod.POPULATE_OR_READ
        self.show_progress: bool = True
        self.arpa_complain: int = ARPALoadComplain.ALL
        self.encoding: str | None = None
        self.device: str = "cpu"
