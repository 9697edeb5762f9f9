/** A worker that makes surfaces, so that the page stays quick meanwhile. */

import { sizeOf } from './grid'
import { halved, surfaceOf } from './surface'
import type { Region } from './wire'

export interface Wanted {
  number: number
  region: Region
  values: Uint8Array
}

const MOST = 12_000_000

addEventListener('message', ({ data }: MessageEvent<Wanted>) => {
  let { values } = data
  let size = sizeOf(data.region)
  let step = 1
  while (values.length > MOST) {
    ;({ values, size } = halved(values, size))
    step *= 2
  }
  const surface = surfaceOf(values, { low: [0, 0, 0], high: size }, data.number)
  for (let n = 0; n < surface.points.length; n++)
    surface.points[n] = data.region.low[n % 3] + step * surface.points[n]
  postMessage({ number: data.number, ...surface })
})
