"""Korean particles follow the sound of the word before them."""

import pytest

from dokkaebi.texts.particles import with_particles


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("아리은(는)", "아리는"),
        ("보람은(는)", "보람은"),
        ("찬이(가)", "찬이"),
        ("달항아리을(를)", "달항아리를"),
        ("“빈손”을(를)", "“빈손”을"),
        ("이도공와(과) 실나루와(과)", "이도공과 실나루와"),
        ("서울(으)로", "서울로"),
        ("장(으)로", "장으로"),
        ("바다(으)로", "바다로"),
        ("0.05 ETH을(를)", "0.05 ETH를"),
        ("7을(를) 2을(를)", "7을 2를"),
        ("—을(를)", "—을(를)"),
        ("을(를)", "을(를)"),
    ],
)
def test_particles_are_chosen(written: str, read: str) -> None:
    assert with_particles(written) == read
