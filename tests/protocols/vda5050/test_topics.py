import pytest

from kouan.protocols.vda5050.topics import Identity, Kind, check_identity, parse
from kouan.vocabulary.errors import InvalidValue


def test_a_topic_is_built_and_read():
    identity = Identity("KIT", "0001")
    assert identity.topic(Kind.ORDER) == "uagv/v2/KIT/0001/order"
    assert parse("uagv/v2/KIT/0001/instantActions") == (identity, Kind.INSTANT_ACTIONS)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_topic_comes_back_as_it_went(kind):
    identity = Identity("Maker_1", "SN:7.x-2", "fleet", "v3")
    assert parse(identity.topic(kind)) == (identity, kind)


def test_only_the_connection_is_sure_to_arrive_and_kept():
    assert [kind for kind in Kind if kind.qos] == [Kind.CONNECTION]
    assert [kind for kind in Kind if kind.retained] == [Kind.CONNECTION, Kind.FACTSHEET]
    assert [kind for kind in Kind if kind.from_master] == [Kind.ORDER, Kind.INSTANT_ACTIONS]


@pytest.mark.parametrize(
    "topic",
    ["", "uagv/v2/KIT/order", "uagv/v2/KIT/0001/orders", "a/uagv/v2/KIT/0001/order", "uagv/v2/KIT/0001/Order"],
)
def test_another_topic_is_refused(topic):
    with pytest.raises(InvalidValue, match=r"topic\.unknown"):
        parse(topic)


@pytest.mark.parametrize("level", ["", "a/b", "a+", "#", "$SYS", "a\nb", "a\x00b"])
def test_what_mqtt_forbids_makes_no_topic(level):
    with pytest.raises(InvalidValue, match=r"serial_number.*topic\.level"):
        Identity("KIT", level).topic(Kind.STATE)
    with pytest.raises(InvalidValue, match=r"topic\.level"):
        check_identity(Identity("KIT", level))


@pytest.mark.parametrize("level", ["two words", "Müller", "矿车", "a*b", "a>b", "a,b", "x" * 65, "tab\u00a0le"])
def test_an_identity_that_the_embedded_broker_cannot_carry_is_refused_by_name_at_registration(level):
    for field, identity in (("manufacturer", Identity(level, "1")), ("serial_number", Identity("KIT", level))):
        with pytest.raises(InvalidValue) as caught:
            check_identity(identity)
        assert (caught.value.field, caught.value.rule) == (field, "topic.characters")


def test_another_broker_may_carry_a_name_with_a_space():
    assert Identity("Two Words", "Ü 1").topic(Kind.STATE) == "uagv/v2/Two Words/Ü 1/state"


@pytest.mark.parametrize("major", ["2", "v", "v2.1", "V2", "v1234"])
def test_a_major_version_is_v_and_a_number(major):
    with pytest.raises(InvalidValue, match=r"topic\.major"):
        check_identity(Identity("KIT", "1", major=major))


def test_a_good_identity_is_registered():
    check_identity(Identity("KIT", "A-Za_z0:9.x"))
