"""QR pictures."""

from reports.qr import qr_picture


def test_a_link_becomes_a_picture_that_is_large_enough_to_scan() -> None:
    picture = qr_picture("https://t.me/a_network_bot?start=j-Abc_123-xyz0")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width = int.from_bytes(picture[16:20], "big")
    assert 200 <= width <= 1000
