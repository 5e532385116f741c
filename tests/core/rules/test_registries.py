from core import panels, refs
from core.access import ANYONE, NOBODY, allow
from core.explain import Explanation, Loser
from core.panels import Panel
from core.refs import DocumentRef


def test_a_document_shows_its_label_and_page_without_its_room():
    refs.register("test_doc", "Test document", lambda pk: f"/admin/test/{pk}/")
    ref = DocumentRef("test_doc", 4, "T-4")
    assert (str(ref), refs.url_of(ref)) == ("Test document T-4", "/admin/test/4/")
    assert (str(DocumentRef("not_here", 4)), refs.url_of(DocumentRef("not_here", 4))) == ("Not here 4", "")


def test_documents_get_the_numbers_their_rooms_know_and_keep_those_they_have():
    asked = []

    def numbers(ids):
        asked.append(sorted(ids))
        return {4: "N-4"}

    refs.register("test_numbered", "Numbered", None, numbers)
    given = [DocumentRef("test_numbered", 4), DocumentRef("test_numbered", 5), DocumentRef("test_numbered", 6, "MINE")]
    found = refs.numbered([*given, DocumentRef("not_here", 1)])
    assert [r.number for r in found] == ["N-4", "", "MINE", ""]
    assert asked == [[4, 5]]


def test_panels_come_in_order_and_empty_ones_not_at_all():
    for title, order, html in (("B", 2, "b"), ("A", 1, "a"), ("Empty", 0, "")):
        panels.register("test_panelled", Panel(title, order, lambda ref, request, html=html: html))
    shown = panels.rendered(DocumentRef("test_panelled", 1), None)
    assert [p.title for p in shown] == ["A", "B"]


class Person:
    is_active = is_authenticated = True
    is_superuser = False

    def __init__(self, *roles: str) -> None:
        self.roles = list(roles)


def test_access_is_denied_unless_a_role_is_named():
    access = allow(view={"auditor"}, act={"cs"})
    assert (access.may_view(Person("auditor")), access.may_act(Person("auditor"))) == (True, False)
    assert (access.may_view(Person("cs")), access.may_act(Person("cs"))) == (True, True)
    assert (access.may_view(Person("buyer")), NOBODY.may_view(Person("cs"))) == (False, False)
    assert (ANYONE.may_view(object()), ANYONE.may_act(object())) == (True, False)
    asleep = Person("cs")
    asleep.is_active = False
    assert access.may_act(asleep) is False


def test_an_explanation_reads_back_as_it_was_written():
    why = Explanation("tier rank", "40 of 60", {"tier": 1, "on_hand": 40}, (Loser("SO-2", "lower tier"),))
    assert Explanation.from_json(why.as_json()) == why
