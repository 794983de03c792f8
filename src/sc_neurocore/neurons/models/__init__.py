"""The model documents, and their classes by name: ``from sc_neurocore.neurons.models import …``.

There is no class per file. A name such as ``AdExNeuron`` is looked up in the documents' ``class``
fields and made when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sc_neurocore.neurons._faces import CatalogueNeuron


def __getattr__(name: str) -> type[CatalogueNeuron]:
    from sc_neurocore.neurons._faces import face_attribute

    return face_attribute(__name__, name)


def __dir__() -> list[str]:
    from sc_neurocore.neurons._faces import classes

    return sorted(classes())
