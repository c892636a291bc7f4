import { deviceInUse, processingOf, realDevices, SYSTEM_DEVICE, type Device } from './choice'
import { refusalOf } from './refusal'
import { deviceChoice } from './remembered'

/** The microphones or loudspeakers of this device. Browsers name them only to a page that may use them. */
export async function listDevices(kind: 'audioinput' | 'audiooutput'): Promise<Device[]> {
  const devices = await mediaDevices().enumerateDevices()
  return realDevices(
    devices
      .filter((device) => device.kind === kind)
      .map(({ deviceId, label }) => ({ id: deviceId, label })),
  )
}

/** Tells when something is plugged in or out. */
export function onDevicesChanged(changed: () => void): () => void {
  // A page without a secure address has no devices at all.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  devices?.addEventListener('devicechange', changed)
  return () => devices?.removeEventListener('devicechange', changed)
}

/** What to ask the browser for. */
export interface InputWish {
  deviceId: { exact: string } | { ideal: string }
  echoCancellation: boolean
  noiseSuppression: boolean
  autoGainControl: boolean
  channelCount: number
}

/** The chosen microphone where it is there, sounding as it should. */
export async function inputWish(): Promise<InputWish> {
  const choice = deviceChoice()
  const device = deviceInUse(choice.input, await listDevices('audioinput'))
  return {
    // What is only preferred, browsers pass over. Where they hide their devices until one is
    // allowed, there is nothing to demand yet.
    deviceId: device === null ? { ideal: choice.input?.id ?? SYSTEM_DEVICE } : { exact: device.id },
    ...processingOf(choice, device ?? choice.input),
    channelCount: 1,
  }
}

/** Opens the microphone of the learner's choice; throws the browser's own error. */
export async function openInput(): Promise<MediaStreamTrack> {
  return withChosenInput(async (wish) => {
    const stream = await mediaDevices().getUserMedia({ audio: { ...wish } })
    const [track] = stream.getAudioTracks()
    if (track === undefined) throw new DOMException('no audio track', 'NotFoundError')
    return track
  })
}

/** Has `open` take the microphone of the learner's choice, or the system's if that one is gone after all. */
export async function withChosenInput<T>(open: (wish: InputWish) => Promise<T>): Promise<T> {
  const wish = await inputWish()
  try {
    return await open(wish)
  } catch (cause) {
    if (!('exact' in wish.deviceId) || refusalOf(cause) !== 'absent') throw cause
    return open({ ...wish, deviceId: { ideal: SYSTEM_DEVICE } })
  }
}

/** The browser's word on whether this page may hear the microphone; older browsers refuse to give it. */
export async function microphonePermission(): Promise<PermissionStatus> {
  return navigator.permissions.query({ name: 'microphone' })
}

/** Tells when the learner changes, in the browser's own settings, what this page may use. */
export function onPermission(changed: (permission: PermissionState) => void): () => void {
  const watching = new AbortController()
  microphonePermission()
    .then((permission) => {
      permission.addEventListener('change', () => changed(permission.state), watching)
    })
    // A browser that does not tell: the learner presses again.
    .catch(() => undefined)
  return () => watching.abort()
}

function mediaDevices(): MediaDevices {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) throw new DOMException('not a secure address', 'SecurityError')
  return devices
}
