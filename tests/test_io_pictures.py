"""Pictures: I is the column, J the row, and Pillow, SimpleITK and tifffile say what is right."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import tifffile
from PIL import Image

from delineate.errors import ImageError
from delineate.geometry import Geometry
from delineate.io import read, read_labels, write
from delineate.volume import RGB


def grey(shape=(3, 5), dtype=np.uint8):
    """Rows and columns of different values."""
    return (np.arange(np.prod(shape)).reshape(shape) * 7).astype(dtype)


def colour():
    return np.arange(45, dtype=np.uint8).reshape(3, 5, 3) * 5


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_columns_are_i_and_rows_are_j(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(grey((30, 50))).save(path)
    volume = read(path)
    truth = np.asarray(Image.open(path))
    image = sitk.ReadImage(str(path))
    assert volume.data.shape == (1, 50, 30, 1)
    assert volume.data[0, 7, 2, 0] == truth[2, 7] == image.GetPixel(7, 2)
    assert np.array_equal(volume.data[0, :, :, 0].T, truth)
    assert np.array_equal(volume.geometry.affine, np.diag([-1, -1, 1, 1]))
    assert volume.source.format == "picture"
    assert volume.dims == 2


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("samples", [1, 3])
def test_eight_and_sixteen_bits(tmp_path, suffix, dtype, samples):
    pixels = (np.arange(15 * samples).reshape(3, 5, samples) * 999).astype(dtype)
    image = sitk.GetImageFromArray(pixels.squeeze(), isVector=samples > 1)
    sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
    volume = read(tmp_path / f"a{suffix}")
    assert volume.channels == (RGB if samples == 3 else ())
    assert np.array_equal(volume.data[..., 0].transpose(2, 1, 0), pixels)


def test_palette_is_colour_to_read_and_numbers_to_read_labels(tmp_path):
    indices = np.array([[0, 1, 2], [2, 2, 0]], np.uint8)
    image = Image.new("P", (3, 2))
    image.putdata(indices.ravel().tolist())
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    for suffix in (".png", ".tif"):
        path = tmp_path / f"a{suffix}"
        image.save(path)
        volume = read(path)
        assert volume.channels == RGB
        assert volume.data[:, 1, 0, 0].tolist() == [255, 0, 0]
        assert volume.data[:, 0, 1, 0].tolist() == [0, 255, 0]
        labels = read_labels(path, like=volume)
        assert [label.number for label in labels] == [1, 2]
        assert labels[0].voxels.indices().tolist() == [[1, 0, 0]]


def test_one_bit(tmp_path):
    Image.fromarray(np.array([[True, False], [False, True]])).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").data[0, :, :, 0].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_dropped_only_where_it_is_opaque(tmp_path, suffix, mode):
    image = Image.fromarray(colour()).convert(mode)
    image.save(tmp_path / f"a{suffix}")
    volume = read(tmp_path / f"a{suffix}")
    assert np.array_equal(volume.data[..., 0].T.squeeze(), np.asarray(image)[..., :-1].squeeze())
    image.putpixel((1, 2), (9,) * (len(mode) - 1) + (254,))
    image.save(tmp_path / f"b{suffix}")
    with pytest.raises(ImageError, match="1 of 15 pixels are transparent"):
        read(tmp_path / f"b{suffix}")


def test_colours_for_printing_are_refused(tmp_path):
    Image.fromarray(colour()).convert("CMYK").save(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="its colours are CMYK; save it as RGB"):
        read(tmp_path / "a.jpg")


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits"])
def test_pages_are_slices(tmp_path, compression):
    stack = grey((4, 3, 5))
    pages = [Image.fromarray(page) for page in stack]
    path = tmp_path / "a.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:], compression=compression)
    volume = read(path)
    assert volume.shape == (5, 3, 4)
    assert volume.spacing == (1, 1, 1)
    assert np.array_equal(volume.data[0].T, stack)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_colour_tiff(tmp_path, compression):
    Image.fromarray(colour()).save(tmp_path / "a.tif", compression=compression)
    volume = read(tmp_path / "a.tif")
    assert volume.channels == RGB
    assert np.array_equal(volume.data[..., 0].transpose(2, 1, 0), colour())


def test_spacing_of_imagej_and_ome(tmp_path):
    stack = grey((4, 3, 5))
    path = tmp_path / "a.tif"
    for unit, factor in (("mm", 1), ("micron", 1e-3), ("um", 1e-3), ("pixel", None)):
        tifffile.imwrite(
            path, stack, imagej=True, resolution=(1 / 0.3, 1 / 0.7),
            metadata={"axes": "ZYX", "spacing": 2.5, "unit": unit},
        )  # fmt: skip
        expected = np.array([0.3, 0.7, 2.5]) * factor if factor else (1, 1, 1)
        assert np.allclose(read(path).spacing, expected, rtol=1e-6)
    sizes = {"PhysicalSizeX": 0.3, "PhysicalSizeY": 0.7, "PhysicalSizeZ": 2.5}
    tifffile.imwrite(
        tmp_path / "b.ome.tif", stack, photometric="minisblack", metadata={"axes": "ZYX", **sizes}
    )
    assert np.allclose(read(tmp_path / "b.ome.tif").spacing, (3e-4, 7e-4, 2.5e-3), rtol=1e-6)


@pytest.mark.parametrize(("unit", "spacing"), [(2, (1, 1, 1)), (3, (0.5, 0.25, 1))])
def test_dots_per_inch_are_a_printers(tmp_path, unit, spacing):
    tifffile.imwrite(tmp_path / "a.tif", grey(), resolution=(20, 40), resolutionunit=unit)
    assert np.allclose(read(tmp_path / "a.tif").spacing, spacing)


def test_channels_of_imagej(tmp_path):
    stack = grey((4, 2, 3, 5))
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    volume = read(tmp_path / "a.tif")
    assert volume.data.shape == (2, 5, 3, 4)
    assert np.array_equal(volume.data.transpose(3, 0, 2, 1), stack)
    tifffile.imwrite(tmp_path / "b.tif", grey((6, 4, 2, 3, 5)), imagej=True)
    with pytest.raises(ImageError, match="the axes TZCYX"):
        read(tmp_path / "b.tif")


def test_pages_of_different_shapes(tmp_path):
    first, second = Image.fromarray(grey()), Image.fromarray(grey((4, 4)))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    with pytest.raises(ImageError, match="2 images of different shapes"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize(("largest", "dtype"), [(3, np.uint8), (300, np.uint16)])
def test_masks_of_pictures(tmp_path, suffix, largest, dtype):
    Image.fromarray(colour()).save(tmp_path / "a.png")
    volume = read(tmp_path / "a.png")
    labels = np.zeros((5, 3, 1), int)
    labels[1, 2], labels[4, 0] = 1, largest
    write(labels, tmp_path / f"m{suffix}", like=volume)
    other = Image.open if suffix == ".png" else tifffile.imread
    pixels = np.asarray(other(tmp_path / f"m{suffix}"))
    assert pixels.dtype in (dtype, np.int32)
    assert np.array_equal(pixels, labels[..., 0].T)
    assert [label.number for label in read_labels(tmp_path / f"m{suffix}", volume)] == [1, largest]
    write(labels, tmp_path / "m.nii", like=volume)
    assert read(tmp_path / "m.nii").geometry.difference(volume.geometry) is None


def test_masks_of_stacks_keep_the_spacing(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", grey((4, 3, 5)), imagej=True, resolution=(1 / 0.3, 1 / 0.7),
        metadata={"axes": "ZYX", "spacing": 2.5, "unit": "mm"},
    )  # fmt: skip
    volume = read(tmp_path / "a.tif")
    odd = volume.resample_to(Geometry.of_spacing((5, 3, 4), (np.pi / 7, np.e / 9, 1 / 3)))
    write(np.zeros((5, 3, 4), bool), tmp_path / "odd.tif", like=odd)
    assert read(tmp_path / "odd.tif").spacing == odd.spacing
    labels = (np.arange(60).reshape(5, 3, 4) % 4).astype(np.uint8)
    write(labels, tmp_path / "m.tif", like=volume)
    assert np.array_equal(read(tmp_path / "m.tif").geometry.affine, volume.geometry.affine)
    assert np.array_equal(tifffile.imread(tmp_path / "m.tif"), labels.T)
    with tifffile.TiffFile(tmp_path / "m.tif") as file:
        assert file.imagej_metadata["spacing"] == 2.5
        over, under = file.pages.first.tags["XResolution"].value
    assert under / over == pytest.approx(0.3)
