;;; Tells in which profile the Guix lies that runs this, and keeps it by a root:
;;;
;;;     guix time-machine -C CHANNELS -- repl -- profile.scm LIBRARY MARK ROOT

(define arguments (cdr (command-line)))
(load (list-ref arguments 0))
(define root (list-ref arguments 2))

(open-events (list-ref arguments 1))

(define (keep store item)
  ;; Without its root it may be collected, and is made again then.
  (false-if-exception (delete-file root))
  (symlink item root)
  (catch #t
    (lambda () ((bound '(guix store) 'add-indirect-root) store root))
    (lambda (key . args)
      (format (current-error-port) "no root keeps the profile: ~a~%" (words-of key args)))))

(define (tell-profile store item)
  (keep store item)
  (tell `((profile . ,item)))
  (tell `((done . 1))))

(catch #t
  (lambda ()
    (let ((profile ((bound '(guix describe) 'current-profile))))
      (if profile
          (tell-profile ((bound '(guix store) 'open-connection)) (canonicalize-path profile))
          (tell `((failed . "Guix does not say in which profile it lies"))))))
  (lambda (key . args)
    (tell `((failed . ,(words-of key args))))))
