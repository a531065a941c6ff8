"""The documents that the field hands in are documents that the port takes."""

from tests.unit.simulator.field_kit import run_for

from kouan.inspection import fields, matrix
from kouan.inspection.papers import DeclarationStatus, DeclarationStep, Load
from kouan.vocabulary.places import Direction


def test_every_document_satisfies_the_field_matrix():
    papers = run_for(1200, scenario="rough").papers
    assert {kind for kind, _ in papers} == {"confirmation", "manifest", "declaration", "status"}
    for kind, document in papers:
        if kind == "confirmation":
            needs = matrix.CONFIRMATION_MATRIX[Direction(document["direction"]), Load(document["load"])]
            form = matrix.CONFIRMATION
        elif kind == "manifest":
            needs, form = matrix.MANIFEST_NEEDS, matrix.MANIFEST
        elif kind == "status":
            assert document["status"] in set(DeclarationStatus)
            continue
        else:
            needs, form = matrix.DECLARATION_MATRIX[DeclarationStep.FULL], matrix.DECLARATION
        _, wrong = fields.read_fields(document, form, lambda name, needs=needs: needs[name])
        assert not wrong, (kind, document)
