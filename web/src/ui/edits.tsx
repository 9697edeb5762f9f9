/** After-edits: tools that change the active object's mask, made from the server's list. */

import { editTools, editable, runEdit } from '../edits'
import * as store from '../store'
import { Button, Panel } from './widgets'

const NAMES: Record<string, string> = {
  largest: 'Largest part', fill: 'Fill holes', smooth: 'Smooth', grow: 'Grow', shrink: 'Shrink',
  interpolate: 'Interpolate', copy: 'Copy to next slice',
}

export function Edits() {
  const tools = editTools()
  const inMm = tools.some(({ fields }) => fields.some(({ name }) => name === 'radius_mm'))
  const off = !editable()
  const { radius } = store
  return (
    <Panel title="Edit the mask">
      <div class="edits">
        {tools.map(({ name, help }) => (
          <Button key={name} id={`edit-${name}`} title={help} off={off} onClick={() => void runEdit(name)}>
            {NAMES[name] ?? name}
          </Button>
        ))}
        {store.session.value!.image.dims === 3 && (
          <Button id="edit-fill-slices" title="Fill holes in each slice of the plane that is looked at" off={off} onClick={() => void runEdit('fill', true)}>
            Fill in slices
          </Button>
        )}
      </div>
      {inMm && (
        <label class="pair">
          <span>Smooth, grow, shrink by</span>
          <input type="number" min={0.1} step={0.5} value={radius.value} aria-label={`Radius in ${store.unit.value}`} onChange={(event) => (radius.value = Number((event.target as HTMLInputElement).value) || 1)} />
          <span>{store.unit.value}</span>
        </label>
      )}
    </Panel>
  )
}
