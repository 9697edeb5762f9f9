/** The label map: for each voxel the number of its object, 0 for none. */

import { countOf, sizeOf, type Plane } from './grid'
import type { Index, Region } from './wire'

interface Patch {
  region: Region
  values: Uint8Array
}

export class Labels {
  readonly data: Uint8Array
  /** Grows with every change, for those who draw. */
  version = 0
  private under: Patch | null = null

  constructor(readonly shape: Index) {
    this.data = new Uint8Array(shape[0] * shape[1] * shape[2])
  }

  /** Start afresh: nothing but what lies in a region. */
  reset(region: Region, values: Uint8Array): void {
    this.under = null
    this.data.fill(0)
    this.paste({ region, values })
  }

  /** Take over a changed region. */
  commit(region: Region, values: Uint8Array): void {
    this.restore()
    this.paste({ region, values })
  }

  /** Show a region as it might become; `restore` or a commit takes it back. */
  preview(region: Region, values: Uint8Array): void {
    this.restore()
    if (!countOf(region)) return
    this.under = { region, values: this.copy(region) }
    this.paste({ region, values })
  }

  restore(): void {
    if (this.under) this.paste(this.under)
    this.under = null
  }

  /** How many voxels more an object has while a preview is shown. */
  gained(number: number): number {
    if (!this.under) return 0
    const { region, values } = this.under
    const shown = this.copy(region)
    let more = 0
    for (let n = 0; n < values.length; n++)
      more += Number(shown[n] === number) - Number(values[n] === number)
    return more
  }

  /** The labels of a region, I fastest. */
  copy(region: Region): Uint8Array {
    const out = new Uint8Array(countOf(region))
    this.rows(region, (here, there, length) => {
      out.set(this.data.subarray(here, here + length), there)
    })
    return out
  }

  /** The labels of a slice, `across` fastest. */
  slice(plane: Plane, depth: number): Uint8Array {
    return sliceOf(this.data, this.shape, plane, depth)
  }

  at([i, j, k]: Index): number {
    return this.data[i + this.shape[0] * (j + this.shape[1] * k)]
  }

  private paste({ region, values }: Patch): void {
    this.rows(region, (here, there, length) => {
      this.data.set(values.subarray(there, there + length), here)
    })
    this.version++
  }

  private rows(region: Region, each: (here: number, there: number, length: number) => void): void {
    const { low, high } = region
    const [n0] = sizeOf(region)
    let there = 0
    for (let k = low[2]; k < high[2]; k++)
      for (let j = low[1]; j < high[1]; j++) {
        each(low[0] + this.shape[0] * (j + this.shape[1] * k), there, n0)
        there += n0
      }
  }
}

type Numbers = Uint8Array | Int16Array | Float32Array

/** A slice of an array whose first axis is fastest, `across` fastest. */
export function sliceOf<T extends Numbers>(data: T, shape: Index, plane: Plane, depth: number): T {
  const steps = [1, shape[0], shape[0] * shape[1]]
  const [nu, nv] = [shape[plane.across], shape[plane.up]]
  const [su, sv] = [steps[plane.across], steps[plane.up]]
  const start = depth * steps[plane.axis]
  if (su === 1 && sv === nu) return data.subarray(start, start + nu * nv) as T
  const out = new (data.constructor as new (length: number) => T)(nu * nv)
  for (let v = 0, n = 0; v < nv; v++)
    for (let u = 0, at = start + v * sv; u < nu; u++, at += su) out[n++] = data[at]
  return out
}
