"""Data sets that a user may have and we may not pass on, read in the formats in which they are published."""

from mlops.evaluation.own_data.archehr import read_archehr
from mlops.evaluation.own_data.dataset import Asked, Dataset, Place, Unreadable
from mlops.evaluation.own_data.longhealth import read_longhealth
from mlops.evaluation.own_data.mimic import read_mimic_charts

__all__ = ["Asked", "Dataset", "Place", "Unreadable", "read_archehr", "read_longhealth", "read_mimic_charts"]
