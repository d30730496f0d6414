"""The lab: every claim of the course with an experiment that measures it.

`claims` has one file for each claim, 25 in all, and is therefore the one folder with more than 12
files for that reason. `material` contains texts, tasks and trained models, `tools` networks,
back-propagation by hand, measuring and drawing.
"""

from nextword.lab.claims import CLAIMS
from nextword.lab.contract import Check, Claim, Figures, Finding, Outcome, Source, Verdict
from nextword.lab.registry import EVERYTHING, find_claims
from nextword.lab.running import Report, run_claim, run_claims
from nextword.lab.workbench import Workbench

__all__ = [
    "CLAIMS",
    "EVERYTHING",
    "Check",
    "Claim",
    "Figures",
    "Finding",
    "Outcome",
    "Report",
    "Source",
    "Verdict",
    "Workbench",
    "find_claims",
    "run_claim",
    "run_claims",
]
