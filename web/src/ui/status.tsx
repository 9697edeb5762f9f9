/** The line at the bottom: what is under the pointer, the user's time, and what this is not. */

import { toWorld } from '../grid'
import { intensity } from '../pictures'
import * as store from '../store'

export function Status() {
  const state = store.session.value!
  const at = store.hover.value ?? store.crosshair.value
  const world = toWorld(state.image.affine, at)
  const label = store.labels.value?.at(at) ?? 0
  void store.labelsVersion.value
  const object = state.objects.find(({ number }) => number === label)
  const seconds = state.seconds[String(store.active.value)]
  const sides = ['L R', 'P A', 'I S']
  const far = (mm: number, axis: number) => `${sides[axis].split(' ')[mm < 0 ? 0 : 1]} ${Math.abs(mm).toFixed(1)}`
  return (
    <footer class="status">
      {store.oriented.value
        ? <span title="To the right, the front and the head, from 0">Voxel {at.join(', ')}</span>
        : <span title="From the upper left corner, from 0">Column {state.image.shape[0] - 1 - at[0]}, row {state.image.shape[1] - 1 - at[1]}{state.image.dims === 3 && `, slice ${at[2]}`}</span>}
      {store.oriented.value && <span title="Place in the patient">{world.map(far).join('  ')} mm</span>}
      <span>Intensity {intensity(store.channel.value, at)}</span>
      {object && <span class="under" title="The object there"><i class="dot" style={{ background: object.colour }} /> {object.name}</span>}
      <span class="push" />
      {seconds !== undefined && <span title="Your active time on this object">{Math.round(seconds)} s</span>}
      <span>{store.method.value?.title}</span>
      <strong class="notice">{store.about.value?.notice ?? 'Research use, not a medical device'}</strong>
    </footer>
  )
}
