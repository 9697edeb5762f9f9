/** Frames: a header and the labels of a changed box. */

import { countOf } from './grid'
import type { FrameHeader } from './wire'

export interface Frame {
  header: FrameHeader
  /** One byte a voxel of the header's region, I fastest. */
  values: Uint8Array
  /** How long the message was. */
  bytes: number
}

/** Read a frame.
 *
 * Throws if it is not one, or its payload is not as long as its region.
 */
export async function readFrame(buffer: ArrayBuffer): Promise<Frame> {
  const bytes = new Uint8Array(buffer)
  if (bytes.length < 4) throw new Error(`a frame has at least 4 bytes, got ${bytes.length}`)
  const length = new DataView(buffer).getUint32(0, true)
  if (length > bytes.length - 4) throw new Error(`the header of a frame is cut off`)
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + length))
  const header = JSON.parse(text) as FrameHeader
  const payload = bytes.subarray(4 + length)
  const values = header.codec === 'deflate' ? await inflate(payload) : payload.slice()
  const count = countOf(header.region)
  if (header.dtype !== 'uint8' || values.length !== count)
    throw new Error(`a frame of ${count} voxels came with ${values.length} bytes`)
  return { header, values, bytes: bytes.length }
}

async function inflate(payload: Uint8Array): Promise<Uint8Array> {
  if (!payload.length) return payload
  const stream = new Blob([payload as BlobPart]).stream()
  const plain = stream.pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(plain).arrayBuffer())
}
