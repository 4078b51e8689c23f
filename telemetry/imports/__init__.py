"""What others recorded, and what this product exported before: as tables, and as movement to be played again."""

from telemetry.imports.entries import entries_of_export, entries_of_tables
from telemetry.imports.motion_bids import BidsRecording, is_motion_bids
from telemetry.imports.phenotype import read_phenotype
from telemetry.imports.tables import ImportedTables, read_export

__all__ = ["BidsRecording", "ImportedTables", "entries_of_export", "entries_of_tables", "is_motion_bids",
           "read_export", "read_phenotype"]  # fmt: skip
