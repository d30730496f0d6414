"""Files on disk: model folders, run folders, manifests, checkpoints, locks and ARPA files.

Each file format and each kind of folder has a file of its own: therefore more than 12 files.
"""

from nextword.storage.arpa_file import read_arpa_file, write_arpa_file
from nextword.storage.checkpoints import (
    Checkpoint,
    load_checkpoint,
    load_latest_checkpoint,
    save_checkpoint,
)
from nextword.storage.disk import disk_errors
from nextword.storage.folders import read_folder, recover_folder, save_folder, save_new_folder
from nextword.storage.format_version import FORMAT_VERSION
from nextword.storage.huggingface_folder import (
    HUGGINGFACE_PREFIX,
    check_huggingface_folder,
    find_huggingface_folder,
    first_sentence,
    import_transformers,
    no_progress_bar,
)
from nextword.storage.leftovers import sweep_leftovers
from nextword.storage.lock import RunLock
from nextword.storage.manifest import verify_manifest, write_manifest
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.storage.models import (
    StoredModel,
    load_model,
    read_model_config,
    save_model,
)
from nextword.storage.run_folder import RunFolder
from nextword.storage.tasks import task_kind, wrong_task_error

__all__ = [
    "FORMAT_VERSION",
    "HUGGINGFACE_PREFIX",
    "Checkpoint",
    "ModelFolder",
    "RunFolder",
    "RunLock",
    "StoredModel",
    "check_huggingface_folder",
    "disk_errors",
    "find_huggingface_folder",
    "first_sentence",
    "import_transformers",
    "load_checkpoint",
    "load_latest_checkpoint",
    "load_model",
    "load_model_folder",
    "no_progress_bar",
    "read_arpa_file",
    "read_folder",
    "read_model_config",
    "recover_folder",
    "resolve_model_folder",
    "save_checkpoint",
    "save_folder",
    "save_model",
    "save_model_folder",
    "save_new_folder",
    "sweep_leftovers",
    "task_kind",
    "verify_manifest",
    "write_arpa_file",
    "write_manifest",
    "wrong_task_error",
]
