"""The command line of lm-eval, with the model `nextword`."""

from nextword.interop.lm_eval import register


def main() -> None:
    """Register the model and run lm-eval."""
    register()
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()


if __name__ == "__main__":
    main()
