/** After-edits: what the server's tools are asked for, from what is looked at. */

import { depthOf } from './layers'
import { PLANES } from './grid'
import * as session from './session'
import * as store from './store'
import type { Axis, Field, Tool } from './wire'

const SEEN = new Set(['axis', 'slice', 'to'])

/** The tools that change a whole mask, of those for which the image has slices enough. */
export function editTools(): Tool[] {
  const flat = store.session.value!.image.dims === 2
  return store.tools.value.filter(({ name, fields }) =>
    !fields.some((field) => field.name === 'voxels') && !(flat && (name === 'interpolate' || name === 'copy')))
}

/** Whether the active object has a mask that may be changed. */
export const editable = (): boolean => Boolean(store.item.value?.voxels && !store.item.value.locked)

/** The axis whose slices are looked at. */
const axisShown = (): Axis =>
  store.layout.value === 'planes' ? store.session.value!.image.slice_axis : store.large.value

/** Change the active object's mask by a tool; holes are filled in space, or in each slice. */
export async function runEdit(name: string, inSlices = false): Promise<void> {
  const tool = editTools().find((each) => each.name === name)
  if (!tool || !editable()) return void store.say('There is no mask to change, or it is locked.')
  const axis = axisShown()
  const slice = depthOf(PLANES[axis])
  const to = Math.min(slice + 1, store.session.value!.image.shape[axis] - 1)
  const values: Record<string, unknown> = {}
  for (const field of tool.fields) values[field.name] = valueOf(field, { axis, slice, to })
  if (name === 'fill' && !inSlices) delete values.axis
  if ((await session.edit(name, values)) && name === 'copy') {
    const crosshair = [...store.crosshair.value] as typeof store.crosshair.value
    crosshair[axis] = to
    store.crosshair.value = crosshair
  }
}

function valueOf(field: Field, seen: { axis: Axis; slice: number; to: number }): unknown {
  if (field.name === 'radius_mm') return store.radius.value
  return SEEN.has(field.name) ? seen[field.name as 'axis'] : field.default
}
