"""Identifiers as types: parsed, normalised and checked when made, never bare strings."""

from kouan.vocabulary.identifiers.container import ContainerNumber
from kouan.vocabulary.identifiers.firm import CreditCode
from kouan.vocabulary.identifiers.papers import BatchNumber, CameraNumber, DeclarationNumber, HsCode, SealNumber
from kouan.vocabulary.identifiers.plate import Country, PlateNumber, PlateSeries
from kouan.vocabulary.identifiers.plate_distance import nearest_plates, plate_distance
from kouan.vocabulary.identifiers.travel_document import TravelDocument
from kouan.vocabulary.identifiers.wagon import WagonNumber

__all__ = [
    "BatchNumber",
    "CameraNumber",
    "ContainerNumber",
    "Country",
    "CreditCode",
    "DeclarationNumber",
    "HsCode",
    "PlateNumber",
    "PlateSeries",
    "SealNumber",
    "TravelDocument",
    "WagonNumber",
    "nearest_plates",
    "plate_distance",
]
