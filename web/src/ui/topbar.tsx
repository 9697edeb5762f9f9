/** The bar at the top: which image, is it saved, undo and redo, the work list, export, help. */

import * as session from '../session'
import * as store from '../store'
import { neighbour, placeInWork, setDone } from '../worklist'
import { Button } from './widgets'

export function Topbar() {
  const state = store.session.value!
  const { done, steps } = state.history
  const before = steps[done - 1]
  const after = steps[done]
  return (
    <header class="topbar">
      <Button icon="folder" id="close-image" title="Other images" onClick={home}>Images</Button>
      <h1 title={state.title}>{state.title}</h1>
      <Saved />
      <span class="push" />
      <Button icon="undo" id="undo" title={before ? `Undo ${before.name} (Z)` : 'Nothing to undo'} off={!before} onClick={() => void session.undo()} />
      <Button icon="redo" id="redo" title={after ? `Redo ${after.name} (Shift+Z)` : 'Nothing to redo'} off={!after} onClick={() => void session.redo()} />
      <WorkList />
      <Button title="Size and intensity of each object" onClick={() => (store.dialog.value = 'measures')}>Measures</Button>
      <Button icon="save" id="export" kind="strong" title="Export (E)" onClick={() => (store.dialog.value = 'export')}>Export</Button>
      <Button icon="help" id="help" kind="bare" title="Keyboard and help (?)" onClick={() => (store.dialog.value = 'help')} />
    </header>
  )
}

export function home(): void {
  session.leave()
  location.hash = ''
}

/** Every answered mark is in the server's journal; files are written when the user says so. */
function Saved() {
  const { saved, history } = store.session.value!
  if (!store.connected.value)
    return <span class="saved wrong" role="status" title="Trying again; nothing that was answered is lost">● No connection</span>
  if (!history.steps.length) return <span class="saved" role="status">No marks yet</span>
  return saved
    ? <span class="saved fine" role="status" id="saved" title="The last export or the files beside the image are as shown">✓ Exported</span>
    : <span class="saved late" role="status" id="saved" title="Every step is kept by the server; no file has been written since the last change">● Not exported</span>
}

function WorkList() {
  const at = placeInWork()
  const { value: items } = store.work
  if (at < 0) return null
  const done = items[at].status === 'done'
  return (
    <span class="worklist" role="group" aria-label="Work list">
      <Button icon="left" kind="bare" title="Previous image (<)" off={at === 0} onClick={() => void neighbour(-1)} />
      <span title="Place in the work list">{at + 1} / {items.length}</span>
      <Button icon="right" kind="bare" id="next-image" title="Next image (>)" off={at + 1 === items.length} onClick={() => void neighbour(1)} />
      <Button icon="check" id="done" title="Done with this image (D)" on={done} onClick={() => void setDone()}>Done</Button>
    </span>
  )
}
