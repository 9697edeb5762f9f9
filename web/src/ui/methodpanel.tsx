/** The method: chosen from a list, its values as controls made from its fields. */

import * as session from '../session'
import * as store from '../store'
import type { Field, Value } from '../wire'
import { Button, NumberBox, Panel } from './widgets'

export function MethodPanel() {
  const state = store.session.value!
  const method = store.method.value
  const image = state.image
  const usable = store.methods.value.filter(({ dims }) => image.dims === 3 || dims.includes(2))
  return (
    <Panel title="Method">
      <select
        aria-label="Method" id="method" value={state.method.name}
        onChange={(event) => void session.useMethod((event.target as HTMLSelectElement).value, {})}
      >
        {usable.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}
      </select>
      {method && <p class="hint" title={method.about}>{method.when}</p>}
      {method && image.dims === 3 && method.dims.length > 1 && (
        <div class="segments" role="group" aria-label="Work in">
          {[3, 2].map((dims) => (
            <Button key={dims} title={dims === 3 ? 'Work on the whole volume' : 'Work slice by slice'} on={state.dims === dims}
              onClick={() => state.dims !== dims && void session.useMethod(state.method.name, state.method.fields, dims)}>
              {dims === 3 ? 'Volume (3D)' : 'Slices (2D)'}
            </Button>
          ))}
        </div>
      )}
      {method && <Values fields={method.fields} />}
      {!store.tunings.value.ok && <p class="wrong" role="alert">{store.tunings.value.text}</p>}
    </Panel>
  )
}

function Values({ fields }: { fields: Field[] }) {
  const state = store.session.value!
  if (!fields.length) return null
  const values = state.method.fields
  const set = (name: string, value: Value) =>
    void session.useMethod(state.method.name, { ...values, [name]: value }, state.dims)
  const changed = fields.some((field) => field.name in values && values[field.name] !== field.default)
  return (
    <details class="values" open={changed}>
      <summary>
        Settings{changed && ' (changed)'}
      </summary>
      {fields.map((field) => (
        <div class="value" key={field.name} title={field.help}>
          <span>{field.name.replaceAll('_', ' ')}</span>
          <Control field={field} value={values[field.name] ?? field.default} set={(value) => set(field.name, value)} />
          <Button icon="reset" kind="bare" title={`Reset ${field.name} to ${field.default ?? 'auto'}`}
            off={(values[field.name] ?? field.default) === field.default} onClick={() => set(field.name, field.default)} />
        </div>
      ))}
      {changed && <Button icon="reset" title="Reset all settings" onClick={() => void session.useMethod(state.method.name, {}, state.dims)}>Reset all</Button>}
    </details>
  )
}

function Control({ field, value, set }: { field: Field; value: Value; set: (value: Value) => void }) {
  const label = field.name
  if (field.choices)
    return (
      <select aria-label={label} value={String(value)}
        onChange={(event) => set(field.choices!.find((each) => String(each) === (event.target as HTMLSelectElement).value) ?? null)}>
        {field.choices.map((each) => <option key={String(each)} value={String(each)}>{String(each)}</option>)}
      </select>
    )
  if (field.type === 'boolean')
    return <input type="checkbox" aria-label={label} checked={value === true} onChange={(event) => set((event.target as HTMLInputElement).checked)} />
  if (field.type === 'text')
    return (
      <input type="text" aria-label={label} value={String(value ?? '')} placeholder={field.optional ? 'auto' : ''}
        onChange={(event) => set((event.target as HTMLInputElement).value || (field.optional ? null : ''))} />
    )
  return <NumberBox label={label} value={typeof value === 'number' ? value : null} integer={field.type === 'integer'} optional={field.optional} onChange={set} />
}
