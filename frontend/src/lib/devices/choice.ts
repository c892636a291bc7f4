/** What browsers call "whatever the system uses". */
export const SYSTEM_DEVICE = 'default'

/** A microphone or a loudspeaker. */
export interface Device {
  id: string
  label: string
}

/** What the browser does to the sound of a microphone before anybody hears it. */
export interface Processing {
  echoCancellation: boolean
  noiseSuppression: boolean
  autoGainControl: boolean
}

/** What this browser was told to use; nothing chosen is the system's choice. */
export interface DeviceChoice {
  input: Device | null
  output: Device | null
  /** How each microphone is to sound, by its id: a headset wants other things than a studio's. */
  processing: Readonly<Record<string, Processing>>
}

export const EVERYTHING_ON: Processing = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
}

/** Some browsers give a device a new id with each visit: those of long ago are let go. */
const MOST_PROCESSED = 16

/**
 * Reads what was stored. `formerMicrophone` is the id alone, as it was stored before loudspeakers
 * could be chosen; it counts where nothing newer is there.
 */
export function readChoice(stored: string | null, formerMicrophone: string | null): DeviceChoice {
  const known = parsed(stored)
  if (known === null) {
    const kept = formerMicrophone !== null && isRealId(formerMicrophone)
    return {
      input: kept ? { id: formerMicrophone, label: '' } : null,
      output: null,
      processing: {},
    }
  }
  return {
    input: deviceIn(known.input),
    output: deviceIn(known.output),
    processing: processingIn(known.processing),
  }
}

/** The devices that are devices: not the entries by which browsers name the system's choice. */
export function realDevices(devices: readonly Device[]): Device[] {
  return devices.filter(({ id }) => isRealId(id))
}

/**
 * The device to use: the wanted one if it is there, by its id or, where the browser gave it a new
 * one, by its name; null is the system's choice.
 */
export function deviceInUse(wanted: Device | null, devices: readonly Device[]): Device | null {
  if (wanted === null) return null
  const same = devices.find(({ id }) => id === wanted.id)
  if (same !== undefined) return same
  const namesakes = devices.filter(({ label }) => label !== '' && label === wanted.label)
  return namesakes.length === 1 ? (namesakes[0] ?? null) : null
}

export function processingOf(choice: DeviceChoice, input: Device | null): Processing {
  return choice.processing[input?.id ?? SYSTEM_DEVICE] ?? EVERYTHING_ON
}

export function withProcessing(
  choice: DeviceChoice,
  input: Device | null,
  change: Partial<Processing>,
): DeviceChoice {
  const id = input?.id ?? SYSTEM_DEVICE
  const others = Object.entries(choice.processing).filter(([other]) => other !== id)
  const kept = others.slice(1 - MOST_PROCESSED)
  const changed = { ...processingOf(choice, input), ...change }
  return { ...choice, processing: Object.fromEntries([...kept, [id, changed]]) }
}

function isRealId(id: string): boolean {
  return id !== '' && id !== SYSTEM_DEVICE && id !== 'communications'
}

function parsed(stored: string | null): Record<string, unknown> | null {
  if (stored === null) return null
  try {
    const value: unknown = JSON.parse(stored)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function deviceIn(value: unknown): Device | null {
  if (!isRecord(value) || typeof value.id !== 'string' || !isRealId(value.id)) return null
  return { id: value.id, label: typeof value.label === 'string' ? value.label : '' }
}

function processingIn(value: unknown): Record<string, Processing> {
  if (!isRecord(value)) return {}
  const read = (wants: Record<string, unknown>, name: keyof Processing) => wants[name] !== false
  return Object.fromEntries(
    Object.entries(value).flatMap(([id, wants]) =>
      isRecord(wants)
        ? [
            [
              id,
              {
                echoCancellation: read(wants, 'echoCancellation'),
                noiseSuppression: read(wants, 'noiseSuppression'),
                autoGainControl: read(wants, 'autoGainControl'),
              },
            ],
          ]
        : [],
    ),
  )
}
