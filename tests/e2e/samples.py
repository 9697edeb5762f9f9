"""Images that ship with the package's dependencies, and a DICOM series made of one."""

from pathlib import Path

import nibabel
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid


def sample_volume() -> Path:
    """An MR scan of a head that ships with nibabel."""
    from delineate.demo import sample

    return sample()


def sample_picture() -> Path:
    """A photograph of cells that ships with scikit-image."""
    import skimage

    return Path(skimage.__file__).parent / "data" / "cell.png"


MR = "1.2.840.10008.5.1.4.1.1.4"


def write_series(volume: Path, folder: Path) -> None:
    """Write the first time point of a NIfTI, slice by slice."""
    image = nibabel.load(volume)
    data = np.asarray(image.dataobj)[..., 0].astype("<i2")
    affine = np.diag([-1, -1, 1, 1]) @ image.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    turned = affine[:3, :3] / spacing
    uids = {name: generate_uid() for name in ("Study", "Series", "Frame")}
    folder.mkdir(parents=True)
    for k in range(data.shape[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MR, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"slice{k:03}.dcm"
        found = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        fields = {
            "SOPClassUID": MR, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "PatientName": "Sample", "PatientID": "1", "PatientBirthDate": "", "PatientSex": "O",
            "StudyID": "1", "AccessionNumber": "", "ReferringPhysicianName": "",
            "StudyInstanceUID": uids["Study"], "SeriesInstanceUID": uids["Series"],
            "FrameOfReferenceUID": uids["Frame"], "Modality": "MR", "SeriesNumber": 1,
            "SeriesDescription": "sample head", "InstanceNumber": k + 1, "StudyDate": "20200101",
            "StudyTime": "000000", "Manufacturer": "none", "Rows": data.shape[1],
            "Columns": data.shape[0], "PixelSpacing": [float(spacing[1]), float(spacing[0])],
            "SliceThickness": float(spacing[2]),
            "ImageOrientationPatient": [float(v) for v in (*turned[:, 0], *turned[:, 1])],
            "ImagePositionPatient": [float(v) for v in (affine @ [0, 0, k, 1])[:3]],
            "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1,
            "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
            "PixelData": data[:, :, k].T.tobytes(),
        }  # fmt: skip
        for name, value in fields.items():
            setattr(found, name, value)
        found.save_as(path, enforce_file_format=True)
