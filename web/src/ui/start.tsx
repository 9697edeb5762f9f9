/** The first page: images of the folder, sessions to go on with, files to drop. */

import { useEffect, useState } from 'preact/hooks'
import * as server from '../server'
import * as store from '../store'
import { openFiles, openImage, openSession, refreshWork } from '../worklist'
import type { SessionRow } from '../wire'
import { Browser, FilePicker } from './browser'
import { Button } from './widgets'

export function Start() {
  const [rows, setRows] = useState<SessionRow[]>([])
  const refresh = () => void server.sessions().then(setRows, store.fail)
  useEffect(() => {
    refresh()
    void refreshWork()
  }, [])
  const { about } = store
  const started = store.work.value.filter(({ status }) => status !== 'to do').length
  const open = store.work.value.find(({ path }) => path === store.resume.value)
  return (
    <main class="start">
      <header>
        <h1>delineate</h1>
        <p>Mark an organ, a tumour or a cell with a box, a click or a scribble; it is outlined, and one more mark corrects it.</p>
        <strong class="notice">{about.value?.notice ?? 'Research use, not a medical device'}</strong>
      </header>
      <section class="drop">
        <h2>Drop an image here</h2>
        <p>NIfTI, NRRD, MHA, a DICOM series or folder, PNG, JPEG or TIFF. It goes to your server and nowhere else.</p>
        <div class="row">
          <FilePicker label="Choose files" choose={(files) => void openFiles(files)} />
          <FilePicker label="Choose a DICOM folder" folders choose={(files) => void openFiles(files)} />
        </div>
      </section>
      {about.value?.folder && (
        <section>
          <h2>Images in the folder</h2>
          {store.work.value.length > 0 && (
            <p class="hint">
              {open && store.work.value.length > 1 && (
                <>
                  {started} of {store.work.value.length} begun.{' '}
                  <Button id="resume-work" title="Open the image that was open last, or the first that is not done" onClick={() => void openImage({ path: open.path })}>{started ? 'Go on' : 'Begin'} with {open.name}</Button>{' '}
                </>
              )}
              <a href="/api/work.csv" download>Work list as CSV</a>
            </p>
          )}
          <Browser progress pick={(path) => void openImage({ path })} together={(paths) => void openImage({ paths })} />
        </section>
      )}
      {rows.length > 0 && (
        <section>
          <h2>Sessions</h2>
          <ul class="sessions">
            {rows.slice(0, 30).map((row) => (
              <li key={row.id}>
                <Button icon="image" kind="file" title={`Go on with ${row.title}`} onClick={() => void openSession(row.id)}>
                  <span class="name">{row.title}</span>
                  <span class="about">{row.objects} {row.objects === 1 ? 'object' : 'objects'} · {row.steps} {row.steps === 1 ? 'step' : 'steps'} · {new Date(1000 * row.opened).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}</span>
                </Button>
                <Button icon="bin" kind="bare" title={`Forget the session on ${row.title} and its marks`} onClick={() => {
                  if (confirm(`Forget the session on ${row.title}, its marks and masks, for good?`))
                    void server.forget(row.id).then(refresh, store.fail)
                }} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </main>
  )
}
