"""The main job through every part: a clerk asks, the other municipality answers from its copy, both keep a record."""

from tests.linkage.house import BOSS, CLERK, KONO, OTSUKAWA


def test_everyone_known_to_both_has_a_link_code(house):
    for tenant in (KONO, OTSUKAWA):
        with house.tx(tenant) as tx:
            states = dict(
                tx.raw.execute(
                    "SELECT c.state, count(*) FROM madoguchi.case_file AS c JOIN madoguchi.linkage_link_code AS l"
                    " ON l.tenant = c.tenant AND l.case_id = c.id WHERE l.live GROUP BY c.state"
                ).fetchall()
            )
            assert set(states) == {"linked"}
            assert tx.raw.execute(
                "SELECT count(*) FROM madoguchi.linkage_link_code WHERE token IS NOT NULL"
            ).fetchone() == (0,)


def test_a_clerk_asks_and_gets_the_answer_and_both_sides_keep_a_record(house):
    application = house.apply_for("hanako")
    opened = house.ask(application)
    assert opened.state == "sent"
    house.settle()
    assert house.state(KONO, opened.case_id) == "answered"
    with house.tx(KONO, "web") as tx:
        view = house.inquiries.view(tx, opened.case_id, CLERK)
        receipt = house.applications.view(tx, application, CLERK).receipt_no
    assert view.answer.code == "OK"
    years = view.answer.items["local-tax"]["years"]
    assert all({"総所得金額等", "課税区分"} <= set(one) for one in years.values())
    exchange = view.inquiry.exchange_id
    (ours,) = house.records(KONO, exchange)
    (theirs,) = house.records(OTSUKAWA, exchange)
    assert ours == (exchange, "asker", "OK", house.addressee(KONO, "hanako"), "visible", receipt)
    assert theirs == (exchange, "holder", "OK", house.addressee(OTSUKAWA, "hanako"), "visible", None)
    with house.tx(KONO, "web") as tx:
        from workflows.engine import Command

        house.engine.apply(tx, Command(opened.case_id, "close", CLERK, "審査に使った", "close-1"))
        assert house.inquiries.view(tx, opened.case_id, CLERK).answer.items is None
        assert house.inquiries.view(tx, opened.case_id, BOSS).answer.items is not None
