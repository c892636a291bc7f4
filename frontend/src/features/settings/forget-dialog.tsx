import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Dialog, DialogNote } from '@/components/ui/dialog'
import { orThrow } from '@/lib/api/client'
import type { Memory } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { memoriesQuery, without } from './memory-queries'

/** Asks before the tutor forgets something for good. */
export function ForgetDialog({ memory, onClose }: { memory: Memory | null; onClose: () => void }) {
  const { t } = useTranslation(['settings', 'common'])
  const { api } = useServices()
  const queries = useQueryClient()
  const forgetting = useMutation({
    networkMode: 'always',
    mutationFn: async ({ id }: Memory) => {
      const call = api.DELETE('/sessions/default/memories/{id}', { params: { path: { id } } })
      await orThrow(call).catch((cause: unknown) => {
        // Gone already, by another page or because the tutor learnt better: that is what was wanted.
        if (asApiError(cause).code !== 'not_found') throw cause
      })
    },
    onSuccess: (_, { id }) => {
      const { queryKey } = memoriesQuery(api)
      queries.setQueryData(queryKey, (now) => (now === undefined ? now : without(now, id)))
      close()
    },
  })
  const close = () => {
    forgetting.reset()
    onClose()
  }
  return (
    <Dialog
      open={memory !== null}
      onOpenChange={(open) => {
        if (!open) close()
      }}
      title={t('memory.ask')}
    >
      <DialogNote>
        <span dir="auto" className="block font-said text-reading text-ink">
          {memory?.text}
        </span>
        <span className="block pt-2">{t('memory.askHint')}</span>
      </DialogNote>
      {forgetting.isError && (
        <p role="alert" className="text-small text-danger">
          {wordsFor(forgetting.error)}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-3">
        <Button weight="quiet" onClick={close}>
          {t('memory.keep')}
        </Button>
        <Button
          weight="danger"
          disabled={forgetting.isPending}
          onClick={() => {
            if (memory !== null) forgetting.mutate(memory)
          }}
        >
          {t('memory.forget')}
        </Button>
      </div>
    </Dialog>
  )
}
