"""Magic bytes of the formats that rayocr reads, and of those that it only recognizes.

Offsets and values are those of the formats' specifications; the media types registered at IANA list most of them.
"""

from enum import StrEnum

__all__ = ["BRANDS", "CONTAINER_BRANDS", "EXTENSIONS", "READABLE", "RECOGNIZED", "ImageFormat"]


class ImageFormat(StrEnum):
    """A format of documents that rayocr reads. The value is the stable name used in messages and metrics."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    BMP = "BMP"
    TIFF = "TIFF"
    GIF = "GIF"
    PDF = "PDF"
    HEIC = "HEIC"
    AVIF = "AVIF"
    JPEG_2000 = "JPEG 2000"
    NETPBM = "Netpbm"
    PCX = "PCX"
    TGA = "TGA"


# (format, offset, magic). BMP and WebP need a second look in sniff.py, which also looks for PDF, HEIC, AVIF and Netpbm.
# The PNG and JPEG magics are cut short, so that a file whose first bytes are damaged is called damaged, not unknown.
READABLE: tuple[tuple[ImageFormat, int, bytes], ...] = (
    (ImageFormat.JPEG, 0, b"\xff\xd8"),
    (ImageFormat.PNG, 0, b"\x89PNG"),
    (ImageFormat.GIF, 0, b"GIF87a"),
    (ImageFormat.GIF, 0, b"GIF89a"),
    (ImageFormat.TIFF, 0, b"II*\x00"),
    (ImageFormat.TIFF, 0, b"MM\x00*"),
    (ImageFormat.TIFF, 0, b"II+\x00"),
    (ImageFormat.TIFF, 0, b"MM\x00+"),
    (ImageFormat.WEBP, 8, b"WEBP"),
    (ImageFormat.BMP, 0, b"BM"),
    (ImageFormat.JPEG_2000, 0, b"\x00\x00\x00\x0cjP"),
    (ImageFormat.JPEG_2000, 0, b"\xff\x4f\xff\x51"),
    (ImageFormat.PCX, 0, b"\x0a\x05\x01"),
    # TGA has no magic. Its usual headers have no palette and type 2, 3 or 10. A cursor has a count in place of zeros.
    (ImageFormat.TGA, 0, b"\x00\x00\x02\x00\x00\x00\x00\x00"),
    (ImageFormat.TGA, 0, b"\x00\x00\x03\x00\x00\x00\x00\x00"),
    (ImageFormat.TGA, 0, b"\x00\x00\x0a\x00\x00\x00\x00\x00"),
)

# Brands of the ISO base media file format (ISO/IEC 14496-12), the first box of such a file: HEIF (23008-12) and AVIF.
# `mif1` and its like are containers, which tell the coding only inside.
BRANDS: dict[bytes, ImageFormat] = {
    **dict.fromkeys((b"avif", b"avis"), ImageFormat.AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), ImageFormat.HEIC),
}
CONTAINER_BRANDS: frozenset[bytes] = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})

# (name, offset, magic). The first match wins, so that the narrower of two comes first.
RECOGNIZED: tuple[tuple[str, int, bytes], ...] = (
    ("Canon camera raw", 8, b"CR\x02\x00"),
    ("JPEG XL picture", 0, b"\xff\x0a"),
    ("JPEG XL picture", 0, b"\x00\x00\x00\x0cJXL "),
    ("Canon camera raw", 4, b"ftypcrx "),
    ("video", 4, b"ftyp"),
    ("Windows icon", 0, b"\x00\x00\x01\x00"),
    ("Windows cursor", 0, b"\x00\x00\x02\x00"),
    ("Photoshop document", 0, b"8BPS"),
    ("DjVu document", 0, b"AT&TFORM"),
    ("JBIG2 picture", 0, b"\x97JB2\r\n\x1a\n"),
    ("OpenEXR picture", 0, b"\x76\x2f\x31\x01"),
    ("QOI picture", 0, b"qoif"),
    ("DirectDraw surface", 0, b"DDS "),
    ("DICOM picture", 128, b"DICM"),
    ("PostScript document", 0, b"%!PS"),
    ("PostScript document", 0, b"\xc5\xd0\xd3\xc6"),
    ("RTF document", 0, b"{\\rtf"),
    ("ZIP archive", 0, b"PK\x03\x04"),
    ("ZIP archive", 0, b"PK\x05\x06"),
    ("Microsoft Office document, old or encrypted", 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("gzip archive", 0, b"\x1f\x8b"),
    ("bzip2 archive", 0, b"BZh"),
    ("xz archive", 0, b"\xfd7zXZ\x00"),
    ("Zstandard archive", 0, b"\x28\xb5\x2f\xfd"),
    ("7-Zip archive", 0, b"7z\xbc\xaf\x27\x1c"),
    ("RAR archive", 0, b"Rar!\x1a\x07"),
    ("tar archive", 257, b"ustar"),
    ("WAVE sound", 8, b"WAVE"),
    ("AVI video", 8, b"AVI "),
    ("Matroska video", 0, b"\x1a\x45\xdf\xa3"),
    ("Ogg sound or video", 0, b"OggS"),
    ("MP3 sound", 0, b"ID3"),
    ("Linux program", 0, b"\x7fELF"),
    ("Windows program", 0, b"MZ"),
)

# File name extensions of the formats that are read, in lower case.
EXTENSIONS: dict[str, ImageFormat] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"), ImageFormat.JPEG),
    **dict.fromkeys((".png", ".apng"), ImageFormat.PNG),
    ".webp": ImageFormat.WEBP,
    **dict.fromkeys((".bmp", ".dib"), ImageFormat.BMP),
    **dict.fromkeys((".tif", ".tiff", ".btf", ".tf8"), ImageFormat.TIFF),
    ".gif": ImageFormat.GIF,
    ".pdf": ImageFormat.PDF,
    **dict.fromkeys((".heic", ".heif", ".hif", ".heics", ".heifs"), ImageFormat.HEIC),
    **dict.fromkeys((".avif", ".avifs"), ImageFormat.AVIF),
    **dict.fromkeys((".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"), ImageFormat.JPEG_2000),
    **dict.fromkeys((".pbm", ".pgm", ".ppm", ".pnm", ".pfm"), ImageFormat.NETPBM),
    ".pcx": ImageFormat.PCX,
    **dict.fromkeys((".tga", ".targa", ".vda", ".icb", ".vst"), ImageFormat.TGA),
}
