/** After-edits: tools that change the active object's mask, made from the server's list. */

import { useState } from 'preact/hooks'
import { depthOf } from '../layers'
import { PLANES } from '../grid'
import * as session from '../session'
import * as store from '../store'
import type { Axis, Field, Tool } from '../wire'
import { Button, Panel } from './widgets'

const KNOWN = new Set(['axis', 'slice', 'to', 'voxels'])
const NAMES: Record<string, string> = {
  largest: 'Largest part', fill: 'Fill holes', smooth: 'Smooth', grow: 'Grow', shrink: 'Shrink',
  interpolate: 'Interpolate', copy: 'Copy to next slice',
}

/** The axis whose slices are looked at. */
const axisShown = (): Axis =>
  store.layout.value === 'planes' ? store.session.value!.image.slice_axis : store.large.value

export function Edits() {
  const flat = store.session.value!.image.dims === 2
  const tools = store.tools.value.filter(({ name, fields }) =>
    !fields.some((field) => field.name === 'voxels') && !(flat && (name === 'interpolate' || name === 'copy')))
  const [radius, setRadius] = useState(1)
  const inMm = tools.some(({ fields }) => fields.some(({ name }) => name === 'radius_mm'))
  const off = !store.item.value?.voxels || store.item.value.locked
  return (
    <Panel title="Edit the mask">
      <div class="edits">
        {tools.map((tool) => (
          <Button key={tool.name} id={`edit-${tool.name}`} title={tool.help} off={off} onClick={() => run(tool, radius)}>
            {NAMES[tool.name] ?? tool.name}
          </Button>
        ))}
      </div>
      {inMm && (
        <label class="pair">
          <span>Smooth, grow, shrink by</span>
          <input type="number" min={0.1} step={0.5} value={radius} aria-label={`Radius in ${store.unit.value}`} onChange={(event) => setRadius(Number((event.target as HTMLInputElement).value) || 1)} />
          <span>{store.unit.value}</span>
        </label>
      )}
    </Panel>
  )
}

function run(tool: Tool, radius: number): void {
  const axis = axisShown()
  const slice = depthOf(PLANES[axis])
  const last = store.session.value!.image.shape[axis] - 1
  const values: Record<string, unknown> = {}
  for (const field of tool.fields) values[field.name] = valueOf(field, axis, slice, Math.min(slice + 1, last), radius)
  if (tool.name === 'fill') delete values.axis
  void session.edit(tool.name, values).then((done) => {
    if (!done || tool.name !== 'copy') return
    const crosshair = [...store.crosshair.value] as typeof store.crosshair.value
    crosshair[axis] = Math.min(slice + 1, last)
    store.crosshair.value = crosshair
  })
}

function valueOf(field: Field, axis: Axis, slice: number, to: number, radius: number): unknown {
  if (field.name === 'radius_mm') return radius
  return KNOWN.has(field.name) ? { axis, slice, to }[field.name as 'axis'] : field.default
}
