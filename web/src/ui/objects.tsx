/** The objects of the session: active one, name, colour, show, lock, delete, volume. */

import { useLayoutEffect, useRef } from 'preact/hooks'
import { toggleHidden } from '../keys'
import * as server from '../server'
import * as session from '../session'
import * as store from '../store'
import { toRuns } from '../runs'
import type { Index, Item, Runs } from '../wire'
import { Button, Panel, size } from './widgets'

export function Objects() {
  const { objects } = store.session.value!
  return (
    <Panel title="Objects" extra={<Button icon="plus" kind="bare" id="new-object" title="New object (N)" onClick={() => void session.newObject()} />}>
      {!objects.length && <p class="hint">The first mark makes the first object.</p>}
      <ul class="objects">
        {objects.map((item) => <Row key={item.number} item={item} />)}
      </ul>
      <Button icon="folder" title="Add the objects of a segmentation: NIfTI, NRRD, DICOM SEG, RTSTRUCT" onClick={() => (store.dialog.value = 'segmentation')}>
        Load a segmentation
      </Button>
    </Panel>
  )
}

/** A name to type over; what is half typed stays when the rest of the page is drawn anew. */
function NameBox({ number, name }: { number: number; name: string }) {
  const box = useRef<HTMLInputElement>(null)
  const back = () => (box.current!.value = name)
  useLayoutEffect(() => void back(), [name])
  const take = async () => {
    const typed = box.current!.value
    if (!typed || !(await session.describe(number, { name: typed }))) back()
  }
  return (
    <input
      type="text" ref={box} aria-label={`Name of object ${number}`} title="Name" maxLength={200}
      onChange={() => void take()} onKeyDown={(event) => event.key === 'Enter' && (event.target as HTMLElement).blur()}
    />
  )
}

function Row({ item }: { item: Item }) {
  const { number, name, colour, locked, ml } = item
  const active = store.active.value === number
  const hidden = store.hidden.value.includes(number)
  const value = (event: Event) => (event.target as HTMLInputElement).value
  const picture = store.session.value!.image
  void store.labelsVersion.value
  const voxels = item.voxels + (active ? (store.labels.value?.gained(number) ?? 0) : 0)
  const shown = voxels === item.voxels ? ml : (voxels * picture.spacing.reduce((a, b) => a * b)) / 1000
  return (
    <li class={active ? 'object active' : 'object'} onClick={() => (store.active.value = number)} data-object={number}>
      <input type="color" value={colour} aria-label={`Colour of ${name}`} title="Colour" onChange={(event) => void session.describe(number, { colour: value(event) })} />
      <NameBox number={number} name={name} />
      <span class="volume" title={`${voxels} voxels`}>{picture.dims === 2 ? `${voxels} px` : size(shown)}</span>
      <span class="acts" onClick={(event) => event.stopPropagation()}>
        <Button icon={hidden ? 'hide' : 'eye'} kind="bare" title={hidden ? 'Show (U)' : 'Hide (U)'} on={!hidden} onClick={() => toggleHidden(number)} />
        <Button icon={locked ? 'lock' : 'unlock'} kind="bare" title={locked ? 'Unlock (K)' : 'Lock: no other object takes its voxels (K)'} on={locked} onClick={() => void session.describe(number, { locked: !locked })} />
        {!active && <Button icon="seed" kind="bare" title="Start the active object from this mask, whose voxels it takes over" off={!item.voxels} onClick={() => startFrom(item)} />}
        <Button icon="bin" kind="bare" title="Delete (undo brings it back)" off={locked} onClick={() => void session.deleteObject(number)} />
      </span>
    </li>
  )
}

/** Give the active object another's mask to start from. */
function startFrom({ number, name, region }: Item): void {
  const labels = store.labels.value!
  const values = labels.copy(region)
  const [n0, n1] = [region.high[0] - region.low[0], region.high[1] - region.low[1]]
  const voxels: Index[] = []
  values.forEach((label, n) => {
    if (label === number)
      voxels.push([region.low[0] + (n % n0), region.low[1] + (Math.floor(n / n0) % n1), region.low[2] + Math.floor(n / n0 / n1)])
  })
  const runs: Runs = toRuns(voxels)
  const active = store.active.value
  void session.change((id) => server.add(id, active, [{ kind: 'given', voxels: runs }])).then((done) => {
    if (done && store.labels.value!.copy(region).every((label, n) => label === values[n]))
      store.say(`${name} keeps its voxels: it is locked, or they were marked by hand.`)
  })
}
