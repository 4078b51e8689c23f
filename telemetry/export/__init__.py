"""The record for other programs: as CSV or Parquet tables, or as a BIDS data set; in full, or as it may be shared."""

from telemetry.export.bids import ExportedBids, export_bids
from telemetry.export.bids_check import Problem, check_bids
from telemetry.export.release import Level, Release
from telemetry.export.tables import FORMATS, Exported, export_tables

__all__ = ["FORMATS", "Exported", "ExportedBids", "Level", "Problem", "Release", "check_bids", "export_bids",
           "export_tables"]  # fmt: skip
