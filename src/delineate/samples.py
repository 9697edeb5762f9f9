"""Sample images: files that ship with the dependencies, and a DICOM series written from one."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

_MR = "1.2.840.10008.5.1.4.1.1.4"


def head() -> Path:
    """An MR scan of a head, 128 x 96 x 24 voxels at two times, from nibabel's own test data."""
    import nibabel

    return Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"


def cell() -> Path:
    """A photograph of a cell, 660 x 550 pixels, from scikit-image's own data."""
    import skimage

    return Path(skimage.__file__).parent / "data" / "cell.png"


def write_samples(folder: Path) -> list[Path]:
    """Put a picture, a volume and a DICOM series into a folder; what is there already stays.

    Args:
        folder: Made if it is missing.

    Returns:
        The picture, the volume, and the folder of the series.
    """
    folder.mkdir(parents=True, exist_ok=True)
    picture, volume = folder / "cell.png", folder / "head.nii.gz"
    for source, target in ((cell(), picture), (head(), volume)):
        if not target.exists():
            shutil.copyfile(source, target)
    series = folder / "head_dicom"
    if not series.exists():
        unfinished = folder / ".head_dicom"
        shutil.rmtree(unfinished, ignore_errors=True)
        write_series(head(), unfinished)
        unfinished.rename(series)
    return [picture, volume, series]


def write_series(volume: Path, folder: Path) -> None:
    """Write the first time point of a NIfTI as an MR series, a file a slice.

    The same image gives the same bytes.

    Args:
        volume: Of whole numbers from -32768 to 32767, its axes at right angles.
        folder: Must not exist.
    """
    import nibabel
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    image: Any = nibabel.load(volume)
    data = np.asarray(image.dataobj)[..., 0].astype("<i2")
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    common = _common(affine, data.shape)
    folder.mkdir(parents=True)
    for k in range(data.shape[2]):
        meta: Any = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = _MR, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["delineate", "slice", str(k)])
        path = folder / f"slice{k:03}.dcm"
        found = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        fields = {
            **common,
            "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "InstanceNumber": k + 1,
            "ImagePositionPatient": [float(v) for v in (affine @ [0, 0, k, 1])[:3]],
            "PixelData": data[:, :, k].T.tobytes(),
        }
        for name, value in fields.items():
            setattr(found, name, value)
        found.save_as(path, enforce_file_format=True)


def _common(affine: np.ndarray[Any, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """What all slices say; `affine` is to LPS+ in mm."""
    from pydicom.uid import generate_uid

    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    turned = affine[:3, :3] / spacing
    study, series, frame = (
        generate_uid(entropy_srcs=["delineate", name]) for name in ("study", "series", "frame")
    )
    return {
        "SOPClassUID": _MR, "StudyInstanceUID": study, "SeriesInstanceUID": series,
        "FrameOfReferenceUID": frame, "PatientName": "Sample^", "PatientID": "1",
        "PatientBirthDate": "", "PatientSex": "O", "StudyID": "1", "AccessionNumber": "",
        "ReferringPhysicianName": "", "Modality": "MR", "SeriesNumber": 1,
        "SeriesDescription": "sample head", "StudyDate": "20200101", "StudyTime": "000000",
        "Manufacturer": "none", "Rows": shape[1], "Columns": shape[0],
        "PixelSpacing": [float(spacing[1]), float(spacing[0])],
        "SliceThickness": float(spacing[2]),
        "ImageOrientationPatient": [float(v) for v in (*turned[:, 0], *turned[:, 1])],
        "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
    }  # fmt: skip
