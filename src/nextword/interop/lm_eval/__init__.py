"""nextword models in lm-evaluation-harness, as `--model nextword`.

lm-eval has no plug-ins for models, so importing this package registers the model, and
`python -m nextword.interop.lm_eval` is lm-eval's own command line with the model registered.
"""

from nextword.interop.lm_eval.model import LmEvalModel, register

__all__ = ["LmEvalModel", "register"]
