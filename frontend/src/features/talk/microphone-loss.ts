import type { LocalAudioTrack } from 'livekit-client'
import { SYSTEM_DEVICE } from '@/lib/devices/choice'
import { microphonePermission, onDevicesChanged, onPermission } from '@/lib/devices/input'
import type { followTrack } from '@/lib/livekit/microphone'
import type { MicrophoneLoss } from './talk-machine'

/** A system that plays a sound of its own takes the microphone for a moment; that is no news. */
const TAKEN_FOR_MS = 1_500

/** What a browser tells of a microphone. Behind the id of the system's choice may be this one or that: its group says. */
export type KnownMicrophone = Partial<Pick<MediaDeviceInfo, 'deviceId' | 'groupId' | 'label'>>

/** Why a microphone ended: what the browser says of its permission, and of what is plugged in. */
export function lossOf(
  microphone: KnownMicrophone,
  permission: PermissionState | null,
  plugged: readonly KnownMicrophone[],
): MicrophoneLoss {
  if (permission === 'denied') return 'withdrawn'
  // A page that may not hear any more is told neither ids nor names.
  const named = plugged.filter(({ deviceId }) => deviceId !== '')
  if (plugged.length > 0 && named.length === 0) return 'withdrawn'
  return named.some((device) => isStill(microphone, device)) ? 'stopped' : 'unplugged'
}

/** Whether it is there again: as it was or, where the browser gave it a new id, by its name. */
export function isBack(lost: KnownMicrophone, plugged: readonly KnownMicrophone[]): boolean {
  const named = lost.label !== undefined && lost.label !== ''
  return plugged.some((device) => isSame(lost, device) || (named && device.label === lost.label))
}

/** What was the system's choice is still there when that is now another device. */
function isStill(used: KnownMicrophone, plugged: KnownMicrophone): boolean {
  const wasSystems = used.deviceId === SYSTEM_DEVICE && isGrouped(used)
  return isSame(used, plugged) || (wasSystems && used.groupId === plugged.groupId)
}

function isGrouped({ groupId }: KnownMicrophone): boolean {
  return groupId !== undefined && groupId !== ''
}

function isSame(one: KnownMicrophone, other: KnownMicrophone): boolean {
  const grouped = isGrouped(one) && other.groupId !== undefined
  return one.deviceId === other.deviceId && (!grouped || one.groupId === other.groupId)
}

async function pluggedMicrophones(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => [])
  return devices.filter(({ kind }) => kind === 'audioinput')
}

/** Tells when a microphone that was lost may be had again: it is plugged in, or allowed. */
export function awaitReturn(
  why: MicrophoneLoss,
  lost: KnownMicrophone,
  back: () => void,
): () => void {
  let stopped = false
  let stop: () => void = () => undefined
  if (why === 'unplugged') {
    const look = async () => {
      if (isBack(lost, await pluggedMicrophones()) && !stopped) back()
    }
    stop = onDevicesChanged(() => void look())
  }
  if (why === 'withdrawn') {
    stop = onPermission((permission) => {
      if (permission === 'granted') back()
    })
  }
  return () => {
    stopped = true
    stop()
  }
}

/** Tells when `track` is not heard any more, and when the system has given back what it had taken. */
export function watchMicrophone(
  track: LocalAudioTrack,
  follow: typeof followTrack,
  lost: (why: MicrophoneLoss) => void,
  back: () => void,
): () => void {
  let watched: MediaStreamTrack | null = null
  let silent: ReturnType<typeof setTimeout> | undefined
  let stopped = false
  const onMute = () => {
    clearTimeout(silent)
    silent = setTimeout(() => lost('taken'), TAKEN_FOR_MS)
  }
  const onUnmute = () => {
    clearTimeout(silent)
    back()
  }
  const judge = async () => {
    const settings = watched?.getSettings() ?? {}
    const [permission, plugged] = await Promise.all([
      microphonePermission().catch(() => null),
      pluggedMicrophones(),
    ])
    return lossOf(settings, permission?.state ?? null, plugged)
  }
  const judgeLoss = async (ended: boolean) => {
    const why = await judge()
    // Some systems let a microphone that is gone go on in silence.
    if (!stopped && (ended || why === 'unplugged')) lost(why)
  }
  const watch = (next: MediaStreamTrack | null) => {
    watched?.removeEventListener('mute', onMute)
    watched?.removeEventListener('unmute', onUnmute)
    watched = next
    watched?.addEventListener('mute', onMute)
    watched?.addEventListener('unmute', onUnmute)
  }
  const watchAnew = () => watch(track.mediaStreamTrack)
  watchAnew()
  const unfollow = follow(track, { restarted: watchAnew, ended: () => void judgeLoss(true) })
  const stopWatchingDevices = onDevicesChanged(() => void judgeLoss(false))
  return () => {
    stopped = true
    clearTimeout(silent)
    watch(null)
    unfollow()
    stopWatchingDevices()
  }
}
