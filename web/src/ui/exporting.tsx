/** Export: download, or write beside the image. */

import { useSignal } from '@preact/signals'
import * as server from '../server'
import * as session from '../session'
import * as store from '../store'
import { during } from '../task'
import type { Autosave, Axis, ExportChoice } from '../wire'
import { Button, Dialog } from './widgets'

const FORMATS: Record<string, string> = {
  nifti: 'NIfTI (.nii.gz)', nrrd: 'NRRD (.seg.nrrd)', 'dicom-seg': 'DICOM SEG', rtstruct: 'DICOM RTSTRUCT',
  png: 'PNG label picture', picture: 'Picture of a slice with outlines', csv: 'Statistics (CSV)',
  session: 'Session file, every step (.delineate)',
}
const MASKS = new Set(['nifti', 'nrrd', 'png', 'dicom-seg', 'rtstruct'])

export function Exporting() {
  const state = store.session.value!
  const dicom = state.exports.includes('dicom-seg')
  const format = useSignal(dicom ? 'dicom-seg' : state.exports[0])
  const apart = useSignal(false)
  const pattern = useSignal('{image}_{name}')
  const chosen = useSignal(state.objects.map(({ number }) => number))
  const layout = (): Pick<Autosave, 'layout' | 'pattern'> =>
    apart.value ? { layout: 'objects', pattern: pattern.value } : { layout: 'labels' }
  const choice = (): ExportChoice => ({
    format: format.value,
    ...(MASKS.has(format.value) && layout()),
    ...(format.value === 'picture' && seen()),
    ...(chosen.value.length < state.objects.length && { objects: chosen.value }),
  })
  const flip = (number: number) =>
    (chosen.value = chosen.value.includes(number) ? chosen.value.filter((n) => n !== number) : [...chosen.value, number])
  return (
    <Dialog title="Export">
      <div class="form">
        <label>Format
          <select id="export-format" value={format.value} onChange={(event) => (format.value = (event.target as HTMLSelectElement).value)}>
            {state.exports.map((each) => <option key={each} value={each}>{FORMATS[each] ?? each}</option>)}
          </select>
        </label>
        {MASKS.has(format.value) && (
          <>
            <label class="check"><input type="checkbox" checked={apart.value} onChange={() => (apart.value = !apart.value)} /> One file for each object</label>
            {apart.value && (
              <label title="{image}, {name} and {number} are filled in">Name
                <input type="text" value={pattern.value} onChange={(event) => (pattern.value = (event.target as HTMLInputElement).value)} />
              </label>
            )}
          </>
        )}
        {state.objects.length > 1 && format.value !== 'session' && (
          <fieldset>
            <legend>Objects</legend>
            {state.objects.map(({ number, name, colour }) => (
              <label class="check" key={number}>
                <input type="checkbox" checked={chosen.value.includes(number)} onChange={() => flip(number)} />
                <i class="dot" style={{ background: colour }} /> {name}
              </label>
            ))}
          </fieldset>
        )}
      </div>
      <div class="row">
        <Button kind="strong" icon="save" id="download" title="Download" off={!chosen.value.length} onClick={() => void download(choice())}>Download</Button>
        {state.image.path !== null && (
          <Button id="write-beside" title="Write it into the image's folder" off={!chosen.value.length} onClick={() => void beside(choice())}>Write beside the image</Button>
        )}
      </div>
      {state.image.path !== null && MASKS.has(format.value) && (
        <label class="check">
          <input type="checkbox" checked={state.autosave !== null} onChange={() => void autosave(state.autosave ? null : { format: format.value, ...layout() })} />
          Write beside the image after each step{state.autosave && `: ${FORMATS[state.autosave.format] ?? state.autosave.format}${state.autosave.layout === 'objects' ? ', one file for each object' : ''}`}
        </label>
      )}
    </Dialog>
  )
}

/** The slice that is looked at: of the large plane, or else of the acquisition. */
function seen(): { axis: Axis; slice: number; channel: number } {
  const one = store.layout.value === 'single' || store.layout.value === 'compare'
  const axis = one ? store.large.value : store.session.value!.image.slice_axis
  return { axis, slice: store.crosshair.value[axis], channel: store.channel.value }
}

async function download(choice: ExportChoice): Promise<void> {
  await during('Writing', async (stop) => {
    const { name, blob } = await server.download(store.session.value!.id, choice, stop)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    store.dialog.value = null
    store.say(`Downloaded ${name}.`)
  })
  await session.again(false)
}

async function beside(choice: ExportChoice): Promise<void> {
  await during('Writing', async (stop) => {
    const written = await server.writeBeside(store.session.value!.id, choice, stop)
    store.dialog.value = null
    store.say(`Wrote ${written.join(', ')}.`)
  })
  await session.again(false)
}

async function autosave(wanted: Autosave | null): Promise<void> {
  await during('Setting', () => server.setAutosave(store.session.value!.id, wanted))
  await session.again(false)
}
