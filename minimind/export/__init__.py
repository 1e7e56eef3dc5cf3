"""Exporters, one file each. EXPORTERS is the one table: a new format is one file and one line here."""

from __future__ import annotations

from minimind.errors import BadInput
from minimind.export.exporter import Exporter, ExportRequest, ExportResult, Storage
from minimind.export.gguf import GGUFExporter
from minimind.export.huggingface import HuggingFaceExporter
from minimind.text import _

__all__ = ["EXPORTERS", "ExportRequest", "ExportResult", "Exporter", "Storage", "exporter_named"]

EXPORTERS: dict[str, Exporter] = {
    exporter.name: exporter for exporter in (GGUFExporter(), HuggingFaceExporter())
}


def exporter_named(name: str) -> Exporter:
    """The exporter of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in EXPORTERS:
        raise BadInput(
            _("export format {name} is unknown; there are {names}").format(
                name=name, names=", ".join(EXPORTERS)
            )
        )
    return EXPORTERS[name]
