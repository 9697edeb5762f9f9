/** The page: the first page, or the workbench around an image. */

import { useEffect, useState } from 'preact/hooks'
import * as store from '../store'
import { filesOf } from '../dropped'
import { openFiles } from '../worklist'
import { Dialogs } from './dialogs'
import { Display } from './display'
import { Edits } from './edits'
import { History } from './history'
import { MethodPanel } from './methodpanel'
import { Messages, Progress } from './notices'
import { Objects } from './objects'
import { Stage } from './stage'
import { Start } from './start'
import { Status } from './status'
import { Toolbox } from './toolbox'
import { Topbar } from './topbar'

export function App() {
  return (
    <>
      {store.session.value ? <Workbench /> : !store.between.value && <Start />}
      <Dialogs />
      <Progress />
      <Messages />
      <Drop />
    </>
  )
}

function Workbench() {
  return (
    <div class="workbench">
      <Topbar />
      <aside class="left" aria-label="Tools and method"><Toolbox /><MethodPanel /></aside>
      <Stage key={store.session.value!.id} />
      <aside class="right" aria-label="Objects and display"><Objects /><Edits /><Display /><History /></aside>
      <Status />
    </div>
  )
}

/** Files that are dropped anywhere are opened. */
function Drop() {
  const [over, setOver] = useState(false)
  useEffect(() => {
    const enter = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false)
    const drop = (event: DragEvent) => {
      event.preventDefault()
      setOver(false)
      if (event.dataTransfer) void filesOf(event.dataTransfer).then(openFiles, store.fail)
    }
    addEventListener('dragover', enter)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', enter)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
    }
  }, [])
  return over ? <div class="shade dropping">Drop to open</div> : null
}
