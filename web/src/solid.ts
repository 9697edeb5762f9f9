/** The 3D view: surfaces of the objects, and the image if wanted, drawn by NiiVue. */

import { effect } from '@preact/signals'
import type { Niivue, NVMesh } from '@niivue/niivue'
import { countOf, toWorld } from './grid'
import type { Surface } from './surface'
import type { Wanted } from './mesher'
import * as store from './store'
import { rgb } from './tint'
import type { Index } from './wire'

const PAUSE = 250

/** Start the 3D view on a canvas; returns how to stop it. */
export async function startSolid(canvas: HTMLCanvasElement): Promise<() => void> {
  const { Niivue, NVMesh, NVImage } = await import('@niivue/niivue')
  const view = new Niivue({
    backColor: [0.02, 0.03, 0.04, 1], show3Dcrosshair: false, isOrientCube: true,
    dragAndDropEnabled: false, loadingText: '', logLevel: 'error', isColorbar: false, crosshairWidth: 0,
  })
  await view.attachToCanvas(canvas, true)
  view.setSliceType(view.sliceTypeRender)
  view.setRenderAzimuthElevation(160, 15)
  view.setScale(0.75) // so that what is long is seen to its ends
  const mesher = new Worker(new URL('./mesher.ts', import.meta.url), { type: 'module' })
  const shown = new Map<number, { key: string; mesh: NVMesh | null }>()
  let timer = 0
  mesher.onmessage = ({ data }: MessageEvent<Surface & { number: number }>) => {
    const held = shown.get(data.number)
    const affine = store.session.value?.image.affine
    if (!held || !affine) return
    if (held.mesh) view.removeMesh(held.mesh)
    held.mesh = data.points.length ? solid(NVMesh, view, affine, data) : null
    if (held.mesh) view.addMesh(held.mesh)
    canvas.dataset.meshes = String(view.meshes.length)
  }
  const refresh = () => {
    const { value: labels } = store.labels
    const { value: session } = store.session
    for (const [number, { mesh }] of shown) {
      const item = session?.objects.find((each) => each.number === number)
      if (item && !store.hidden.value.includes(number) && item.voxels) continue
      if (mesh) view.removeMesh(mesh)
      shown.delete(number)
    }
    canvas.dataset.meshes = String(view.meshes.length)
    for (const item of session?.objects ?? []) {
      if (!labels || !item.voxels || store.hidden.value.includes(item.number)) continue
      const key = `${session!.id} ${item.voxels} ${JSON.stringify(item.region)} ${session!.history.done} ${item.colour}`
      const held = shown.get(item.number)
      if (held?.key === key || !countOf(item.region)) continue
      shown.set(item.number, { key, mesh: held?.mesh ?? null })
      const wanted: Wanted = { number: item.number, region: item.region, values: labels.copy(item.region) }
      mesher.postMessage(wanted, [wanted.values.buffer])
    }
  }
  const stopWatching = effect(() => {
    void store.session.value
    void store.labelsVersion.value
    void store.hidden.value
    clearTimeout(timer)
    timer = window.setTimeout(refresh, PAUSE)
  })
  const stopImage = effect(() => {
    const wanted = store.solidImage.value ? store.session.value?.id : undefined
    const address = `/api/sessions/${wanted}/image?channel=${store.session.value?.image.rgb ? 'rgb' : store.channel.value}`
    const [low, high] = store.windowOf(store.channel.value)
    void (async () => {
      const volumes = wanted
        ? [await NVImage.loadFromUrl({ url: address, name: 'image.nii', cal_min: low, cal_max: high })]
        : []
      for (const old of [...view.volumes]) view.removeVolume(old)
      for (const volume of volumes) view.addVolume(volume)
    })().catch(store.fail)
  })
  return () => {
    clearTimeout(timer)
    stopWatching()
    stopImage()
    mesher.terminate()
    view.cleanup()
  }
}

function solid(
  Mesh: typeof NVMesh, view: Niivue, affine: number[][], { points, triangles, number }: Surface & { number: number },
): NVMesh {
  const placed = new Float32Array(points.length)
  for (let n = 0; n < points.length; n += 3)
    placed.set(toWorld(affine, [points[n], points[n + 1], points[n + 2]] as Index), n)
  const item = store.session.value!.objects.find((each) => each.number === number)
  const colour = new Uint8Array([...rgb(item?.colour ?? '#ffffff'), 255])
  return new Mesh(placed, triangles, `object ${number}`, colour, 1, true, view.gl)
}
