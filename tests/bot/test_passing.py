"""What is passed on: a picture without anything beside it, a document that is what it says."""

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

import pytest
from PIL import Image, ImageDraw

from bot import passing
from bot.passing import extension_of, made_fit
from community.errors import UnfitFileError
from community.exchanges import FileKind

WHERE = b"Rue de la Paix"
"""What stands in each section beside the picture."""


def a_jpeg(size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a photo that was taken on its side, with a place, a device, a name and a profile."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it to the right
    exif[0x010F], exif[0x013B] = "Telephone", WHERE.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 52.0, 9.0), 3: "E", 4: (2.0, 19.0, 52.0)})
    exif.get_ifd(0x8825)[29] = WHERE.decode()
    drawn = Image.new("RGB", size, "white")
    ImageDraw.Draw(drawn).rectangle((0, 0, size[0] // 2, size[1]), fill="red")
    file = BytesIO()
    drawn.save(file, "JPEG", exif=exif, comment=WHERE, xmp=b"<x>" + WHERE, icc_profile=WHERE * 9)
    return file.getvalue()


def an_office_file(*parts: str) -> bytes:
    """Return an archive as Microsoft's programs write it, with these parts."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for part in ("[Content_Types].xml", *parts):
            archive.writestr(part, "<x/>")
    return file.getvalue()


def an_open_document(kind: str, *parts: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        for part in ("content.xml", *parts):
            archive.writestr(part, "<x/>")
    return file.getvalue()


def saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def a_bomb(side: int) -> bytes:
    """Return a PNG of a few bytes that says that it is this large."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(9))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def test_nothing_but_the_picture_is_left_and_it_stands_upright() -> None:
    taken = a_jpeg()
    with Image.open(BytesIO(taken)) as before:
        assert before.getexif().get_ifd(0x8825)[2] == (48.0, 52.0, 9.0)
    assert taken.count(WHERE) > 4
    fit = made_fit("jpg", taken)
    assert (fit.kind, fit.extension) == (FileKind.PHOTO, "jpg")
    for trace in (WHERE, b"Exif", b"ICC_PROFILE", b"http:", b"Telephone"):
        assert trace not in fit.content
    with Image.open(BytesIO(fit.content)) as after:
        assert (after.size, dict(after.getexif())) == ((40, 60), {})
        assert after.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        top, bottom = after.getpixel((20, 5)), after.getpixel((20, 55))
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert (top[1] < 99, bottom[1] > 199) == (True, True), "red above, white below"


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "CMYK", "1", "I;16"])
def test_pictures_of_every_make_are_painted_anew(mode: str) -> None:
    picture = Image.new(mode, (30, 20))
    kind = "JPEG" if mode == "CMYK" else "PNG"
    fit = made_fit("png", saved(picture, kind))
    with Image.open(BytesIO(fit.content)) as after:
        assert (after.format, after.mode, after.size) == ("JPEG", "RGB", (30, 20))


def test_what_is_transparent_is_white_and_what_is_large_is_smaller() -> None:
    clear = made_fit("webp", saved(Image.new("RGBA", (30, 20), (0, 0, 0, 0)), "WEBP"))
    with Image.open(BytesIO(clear.content)) as after:
        assert after.getpixel((9, 9)) == (255, 255, 255)
    large = made_fit("jpg", saved(Image.new("RGB", (6000, 4000)), "JPEG"))
    with Image.open(BytesIO(large.content)) as after:
        assert max(after.size) == passing.LONGEST_SIDE


MOVING = [Image.new("RGB", (9, 9), colour) for colour in ("red", "white")]
NARROW = saved(Image.new("RGB", (2100, 100)), "PNG")


@pytest.mark.parametrize(
    ("extension", "content", "why"),
    [
        ("jpg", a_jpeg()[:-400], "picture"),
        ("png", b"<svg/>", "picture"),
        ("jpg", saved(MOVING[0], "GIF"), "picture"),
        ("png", NARROW, "picture"),
        ("png", a_bomb(8_000), "too_many_dots"),
        ("png", a_bomb(12_000), "too_many_dots"),
        ("png", a_bomb(60_000), "too_many_dots"),
        ("png", a_bomb(100), "picture"),
        ("jpg", saved(Image.new("RGB", (6000, 5000)), "JPEG", progressive=True), "too_many_dots"),
        ("png", saved(MOVING[0], "PNG", save_all=True, append_images=MOVING[1:]), "moves"),
        ("webp", saved(MOVING[0], "WEBP", save_all=True, append_images=MOVING[1:]), "moves"),
        ("pdf", b"MZ" + bytes(2000) + b"%PDF-", "other"),
        ("txt", b"MZ\x90\0", "other"),
        ("docx", b"PK\x03\x04 no archive", "other"),
        ("docx", an_office_file("xl/workbook.xml"), "other"),
        ("xlsx", an_office_file("xl/workbook.xml", "xl/vbaProject.bin"), "macros"),
        ("odt", an_open_document("spreadsheet"), "other"),
        ("ods", an_open_document("spreadsheet", "Basic/Standard/Module1.xml"), "macros"),
    ],
)
def test_what_is_damaged_or_may_do_harm_is_not_passed_on(
    extension: str, content: bytes, why: str
) -> None:
    with pytest.raises(UnfitFileError) as refused:
        made_fit(extension, content)
    assert refused.value.why == why


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("pdf", b"%PDF-1.4"),
        ("txt", "Привіт".encode()),
        ("docx", an_office_file("word/document.xml")),
        ("xlsx", an_office_file("xl/workbook.xml")),
        ("odt", an_open_document("text")),
        ("ods", an_open_document("spreadsheet")),
    ],
)
def test_a_document_of_a_kind_that_is_known_is_passed_on_as_it_is(
    extension: str, content: bytes
) -> None:
    fit = made_fit(extension, content)
    assert (fit.kind, fit.extension, fit.content) == (FileKind.DOCUMENT, extension, content)


@pytest.mark.parametrize(
    ("name", "mime", "extension"),
    [
        ("a.PDF", "", "pdf"),
        ("a.jpeg", "image/jpeg", "jpg"),
        ("a.pdf.exe", "application/pdf", None),
        ("", "application/pdf", "pdf"),
        ("", "application/x-msdownload", None),
        ("../../a.docm", "", None),
        ("a.heic", "image/heic", None),
        ("a.svg", "image/svg+xml", None),
    ],
)
def test_a_kind_is_known_by_the_end_of_the_name(
    name: str, mime: str, extension: str | None
) -> None:
    assert extension_of(name, mime) == extension


def test_a_large_photo_of_a_telephone_is_unpacked_small() -> None:
    fit = made_fit("jpg", saved(Image.new("RGB", (9000, 6000)), "JPEG"))
    with Image.open(BytesIO(fit.content)) as after:
        assert after.size == (2560, 1707)
