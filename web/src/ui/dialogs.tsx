/** The dialogs: help, export, measures, load a segmentation, choose a series, what was interrupted. */

import { useEffect, useState } from 'preact/hooks'
import { KEYS } from '../keys'
import * as server from '../server'
import * as session from '../session'
import * as store from '../store'
import { during, type Tell } from '../task'
import { openImage, question } from '../worklist'
import type { Row } from '../wire'
import { Browser, FilePicker } from './browser'
import { Exporting } from './exporting'
import { Button, Dialog } from './widgets'

export function Dialogs() {
  switch (store.dialog.value) {
    case 'help': return <Help />
    case 'export': return <Exporting />
    case 'measures': return <Measures />
    case 'segmentation': return <LoadSegmentation />
    case 'series': return <ChooseSeries />
    case 'interrupted': return <Interrupted />
    default: return null
  }
}

function Help() {
  const groups = [...new Set(KEYS.map(({ group }) => group))]
  return (
    <Dialog title="Keyboard and pointer" wide>
      <div class="help">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {KEYS.filter((key) => key.group === group).map(({ keys, help }) => (
                <div key={help}>
                  <dt>{keys.slice(0, 2).map((key) => <kbd key={key}>{spoken(key)}</kbd>)}</dt>
                  <dd>{help}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Pointer</h3>
          <dl>
            {[['Left', 'The tool in use; Shift for the other side'], ['Right', 'Drag for the window: across for width, up and down for level'],
              ['Middle', 'Drag the image; also Space or Alt and left'], ['Wheel', 'Go through the slices; zoom with Ctrl, and in a picture']].map(([key, help]) => (
              <div key={key}><dt><kbd>{key}</kbd></dt><dd>{help}</dd></div>
            ))}
          </dl>
        </section>
      </div>
      <p class="hint">delineate {store.about.value?.version}. {store.about.value?.notice}</p>
    </Dialog>
  )
}

const WORDS: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', Delete: 'Del', PageUp: 'Page ↑', PageDown: 'Page ↓' }
const spoken = (key: string): string =>
  key === '+' ? key : key.split('+').map((part) => WORDS[part] ?? (/^[A-Z]$/.test(part) ? `Shift ${part}` : part.length === 1 ? part.toUpperCase() : part)).join(' ')

const COLUMNS: [string, string][] = [
  ['name', 'Object'], ['ml', 'Volume, mL'], ['voxels', 'Voxels'], ['surface_mm2', 'Surface, mm²'],
  ['longest_mm', 'Longest, mm'], ['perpendicular_mm', 'Across it, mm'], ['channel', 'Channel'], ['mean', 'Mean'], ['sd', 'SD'],
  ['p5', '5 %'], ['p50', 'Median'], ['p95', '95 %'], ['seconds', 'Your time, s'],
]

function Measures() {
  const [rows, setRows] = useState<Row[] | null>(null)
  const id = store.session.value!.id
  useEffect(() => {
    const leaving = new AbortController()
    server.statistics(id, leaving.signal).then(setRows, (error: unknown) => leaving.signal.aborted || store.fail(error))
    return () => leaving.abort()
  }, [id])
  const several = rows?.some(({ channel }) => channel !== rows[0].channel)
  const columns = COLUMNS.filter(([key]) => key !== 'channel' || several)
  const cell = (value: Row[string]) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)
  return (
    <Dialog title="Measures" wide>
      {!rows ? <p role="status">Measuring … <progress /></p> : (
        <table>
          <thead><tr>{columns.map(([key, title]) => <th key={key}>{title}</th>)}</tr></thead>
          <tbody>{rows.map((row, n) => <tr key={n}>{columns.map(([key]) => <td key={key}>{cell(row[key] ?? null)}</td>)}</tr>)}</tbody>
        </table>
      )}
      <a class="button" href={`/api/sessions/${id}/statistics?format=csv`} download>Download as CSV</a>
    </Dialog>
  )
}

function LoadSegmentation() {
  const load = (asking: (stop: AbortSignal, tell: Tell) => Promise<{ path?: string; upload?: string }>) => {
    store.dialog.value = null
    void during('Loading the segmentation', async (stop, tell) => {
      const source = await asking(stop, tell)
      await session.change((id) => server.addSegmentation(id, source, stop))
      stop.throwIfAborted()
    })
  }
  return (
    <Dialog title="Load a segmentation">
      <p class="hint">NIfTI, NRRD, DICOM SEG or RTSTRUCT on the same grid; its objects are added with their names and colours.</p>
      <FilePicker label="Choose files" choose={(files) => load(async (stop, tell) => ({ upload: await server.upload(files, stop, tell) }))} />
      {store.about.value?.folder && <Browser pick={(path) => load(async () => ({ path }))} />}
    </Dialog>
  )
}

function ChooseSeries() {
  if (!question) return null
  const { message, choices, opening } = question
  return (
    <Dialog title="Which one?">
      <p>{message}</p>
      <ul class="choices">
        {choices.map((each) => (
          <li key={each.uid}>
            <Button title="Open" onClick={() => { store.dialog.value = null; void openImage({ ...opening, series: each.uid }) }}>
              {each.number} {each.description || 'no description'} · {each.modality} · {each.slices} slices
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

/** What was asked but not answered when the server stopped. */
function Interrupted() {
  const state = store.session.value
  if (!state) return null
  const close = () => {
    store.dialog.value = null
    store.session.value = { ...store.session.value!, interrupted: [] }
    void server.forgetInterrupted(state.id).catch(store.fail)
  }
  const sendAgain = () => {
    for (const each of state.interrupted) void session.askAgain(each)
    close()
  }
  return (
    <Dialog title="The server stopped while it worked">
      <p>All that was answered is here. {state.interrupted.length === 1 ? 'One request was' : `${state.interrupted.length} requests were`} not computed:</p>
      <ul>{state.interrupted.map((each, n) => <li key={n}>{each.prompts?.map(({ kind }) => kind).join(', ') || each.action}{each.object ? ` on object ${each.object}` : ''}</li>)}</ul>
      <div class="row">
        <Button kind="strong" title="Send these again" onClick={sendAgain}>Send again</Button>
        <Button title="Forget these" onClick={close}>Forget</Button>
      </div>
    </Dialog>
  )
}
