/** Windows for CT in Hounsfield units, as radiologists use them. */

export interface Preset {
  name: string
  width: number
  level: number
}

export const CT_PRESETS: readonly Preset[] = [
  { name: 'Soft tissue', width: 400, level: 40 },
  { name: 'Lung', width: 1500, level: -600 },
  { name: 'Bone', width: 1800, level: 400 },
  { name: 'Brain', width: 80, level: 40 },
  { name: 'Liver', width: 150, level: 30 },
  { name: 'Mediastinum', width: 350, level: 50 },
]
